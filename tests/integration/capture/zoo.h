// A thread in each way there is to block, built with many compilers and flags.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tailback::zoo {

struct Animal {
  std::string name;
  pid_t tid = 0;
};

/// Starts them all; returns when each is blocked for good. They never end.
std::vector<Animal> start_all();

}  // namespace tailback::zoo
