// Go's counted goroutine profile as text (pprof debug=1): stacks and how many goroutines stand on each; no states, ids or words.
//
//   goroutine profile: total 47905
//   42804 @ 0x43b8c5 0x44b8a5 0x44b88e
//   # labels: {"tenant":"acme"}
//   #	0x46a6e6	sync.runtime_SemacquireMutex+0x46	/usr/local/go/src/runtime/sema.go:71
//
// The addresses behind '#' are those of the calls already (the return address minus one); inlined calls share one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "replay/sources/dump_builder.h"
#include "replay/sources/source.h"

namespace tailback::replay {

/// Reads one profile after another into a builder's open dump.
class GoProfileLines {
 public:
  explicit GoProfileLines(DumpBuilder& builder) : builder_(builder) {}

  [[nodiscard]] static bool begins(std::string_view text);
  /// Inside a profile.
  [[nodiscard]] bool open() const { return open_; }
  /// False when `text` is not the profile's any more. The first call is with the line that begins it.
  bool line(std::string_view text, std::uint64_t number);
  /// Closes the profile; says what is missing of its total.
  void finish();

 private:
  bool record(std::string_view text, std::uint64_t number);
  bool detail(std::string_view text);
  void end_record();

  DumpBuilder& builder_;
  bool open_ = false, symbols_ = false;
  std::uint64_t total_ = 0, seen_ = 0, begun_at_ = 0;
  std::vector<std::uint64_t> addresses_;
};

[[nodiscard]] const Format& go_profile_format();

}  // namespace tailback::replay
