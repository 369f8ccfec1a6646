// Stacks that gdb shows without a thread's header, and which of them say again what the dump has.
//
// gdb shows the selected frame on its own, when it attaches, opens a core or changes the thread, and a stack once more as often as it is asked.
// Thread safety: pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::replay {

struct ShownStack {
  std::size_t thread;  ///< its index in the dump
  bool known;          ///< who is selected was printed: the thread has its own id
};

/// A mark for each thread of the dump: true for what is to be forgotten. `shown` is in the order of the threads. Linear in the threads.
[[nodiscard]] std::vector<bool> repeated_stacks(const Dump& dump, const StackTable& table, std::span<const ShownStack> shown);

}  // namespace tailback::replay
