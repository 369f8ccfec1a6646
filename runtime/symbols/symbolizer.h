// Names addresses of this process: functions, files, lines, inlined calls; and data, for locks that are globals.
//
// By libbacktrace, the library behind Boost.Stacktrace's naming, directly: Boost shows only the outermost function of an inlined chain,
// and keeps one 23 MB state for every thread that asks. The state is loaded by warm_up() (70 ms, once), and again when a dump
// holds addresses of a library that was loaded later; libbacktrace can't free one, so that happens at most kMostStates times.
//
// Thread safety: none. Blocks: reads debug information from files; takes the loader's lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/incident/model.h"

struct backtrace_state;

namespace tailback {

/// One function at an address, innermost inlined first.
struct NamedFrame {
  std::string function;  ///< empty: unknown
  std::string file;
  std::uint32_t line = 0;
  bool inlined = false;
};

class Symbolizer {
 public:
  Symbolizer();

  /// Loads symbols before they are needed.
  void warm_up();
  /// Takes over the list of modules as it is now; libraries that are new to it are named from then on.
  void update(const std::vector<Module>& modules);

  /// At least one frame. `address` is inside the call: a return address minus one.
  [[nodiscard]] const std::vector<NamedFrame>& name(std::uint64_t address);
  /// The data symbol that holds `address`, with "+offset" where it does not begin there; empty: none.
  [[nodiscard]] std::string data_name(std::uint64_t address);

 private:
  static constexpr int kMostStates = 8;
  std::vector<NamedFrame> look_up(std::uint64_t address);

  ::backtrace_state* state_ = nullptr;
  int states_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> known_ranges_;
  std::unordered_map<std::uint64_t, std::vector<NamedFrame>> names_;
};

}  // namespace tailback
