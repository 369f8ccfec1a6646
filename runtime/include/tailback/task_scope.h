// Says what a thread is doing, in the words of the service: the label is in dumps, groups and reports.
//
//   tailback::task_scope task{"GET /user"};     // until the end of the block; scopes nest
//
// Work that waits for a thread has no stack to be dumped. A queue that is registered says how much of it there is, and how old:
//
//   tailback::task_queue queue{"requests"};     // gauges queue_requests_depth and queue_requests_age, also for triggers
//   queue.push(); … auto waited = queue.pop();  // around the service's own queue, in the order in which work goes in and comes out
//
// The recorder reads depth and age with every sample, so that they grow also while the service stands still.
//
// Thread safety: a scope belongs to its thread; a queue is anyone's.
// Cost: a scope about 20 ns; a push or pop about 100 ns. Neither throws: a queue that can't remember counts on without ages.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace tailback {

class task_scope {
 public:
  /// The first 39 bytes are kept; `label` need not outlive the constructor.
  explicit task_scope(std::string_view label) noexcept;
  ~task_scope();
  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

 private:
  char before_[40];  // the label of the scope around this one
};

class task_queue {
 public:
  explicit task_queue(std::string_view name);
  ~task_queue();
  task_queue(const task_queue&) = delete;
  task_queue& operator=(const task_queue&) = delete;

  void push(std::size_t count = 1) noexcept;
  /// One piece of work begins; how long it had waited. 0 when nothing was pushed.
  std::chrono::nanoseconds pop() noexcept;

  [[nodiscard]] std::size_t depth() const noexcept;
  /// How long the oldest piece of work has waited by now.
  [[nodiscard]] std::chrono::nanoseconds age() const noexcept;

  /// Sets the gauges of all queues; the recorder does it before each sample.
  static void publish_all() noexcept;

 private:
  struct State;
  State* state_;  // lives as long as the process: the sampler may look at it at any time
};

}  // namespace tailback
