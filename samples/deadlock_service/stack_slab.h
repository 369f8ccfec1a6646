// Threads whose stacks all come from one mapping.
//
// A stack with a guard page costs two mappings, and a process may have 65,530 of them (vm.max_map_count): 32,730 threads. Without guards, in
// one mapping, 47,905 threads need one, and 6 MB of page tables instead of 194.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace deadlock_service {

class StackSlab {
 public:
  /// Room for `threads` stacks of `kStackBytes`; throws std::bad_alloc where the address space is refused.
  explicit StackSlab(std::size_t threads);

  /// Starts a detached thread. False when the system allows no further one; errno tells why.
  bool spawn(std::function<void()> work);

  [[nodiscard]] std::size_t started() const { return started_; }

  static constexpr std::size_t kStackBytes = 64 * 1024;

 private:
  std::size_t threads_;
  std::size_t started_ = 0;
  char* begin_ = nullptr;
};

/// What the system lacks for `threads` threads, one line each; empty when nothing does.
[[nodiscard]] std::string missing_for(std::size_t threads);

}  // namespace deadlock_service
