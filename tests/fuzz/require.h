// What a fuzz target insists on: says what is broken, and ends where a fuzzer sees it, in builds without assertions too.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tailback::fuzz {

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace tailback::fuzz
