// Threads whose start and end are known to lock events: std's members and semantics. What a thread did before it started another, or after it
// had joined one, can't run beside that one: prediction (`tailback replay locks predict`) needs to know, or reports what can't happen.
//
//   tailback::jthread worker([&](std::stop_token stop) { serve(stop); });
//
// For threads made otherwise (a pool, boost::thread) the same by hand, around whatever makes and joins them:
//
//   const auto here = tailback::hooks::before_spawn();
//   pthread_create(&thread, nullptr, …);                // and first of all in the new thread: tailback::hooks::spawned(here);
//   tailback::hooks::joining join(thread);              // before it is joined, since a pthread_t is soon used again
//   if (pthread_join(thread, nullptr) == 0) join.joined();
//   tailback::hooks::detaching(thread);                 // instead, before it is detached
//
// Under libtailback_preload.so every pthread_create and pthread_join does so by itself.
//
// Thread safety: as std's. Cost: while lock events are off, a branch at start and join; else some hundred nanoseconds.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

namespace tailback {

namespace locks {
struct ThreadLife;
}

namespace hooks {

/// Where a thread stood when it was about to make another.
struct spawn_point {
  std::uint64_t thread = 0, clock = 0;
};
spawn_point before_spawn() noexcept;
/// Said by the new thread, first of all.
void spawned(spawn_point by) noexcept;

/// Said before a thread is detached, or by itself when it was made so.
void detaching(pthread_t thread) noexcept;
/// One thread's wait for the end of another. Without joined() it gave up, or was cancelled.
class joining {
 public:
  explicit joining(pthread_t thread) noexcept;
  ~joining();
  joining(const joining&) = delete;
  joining& operator=(const joining&) = delete;
  void joined() noexcept;

 private:
  locks::ThreadLife* life_ = nullptr;
};

}  // namespace hooks

class thread {
 public:
  using id = std::thread::id;
  using native_handle_type = std::thread::native_handle_type;

  thread() noexcept = default;
  template <class Function, class... Arguments>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, thread>)
  explicit thread(Function&& function, Arguments&&... arguments)
      : thread_(Begin{hooks::before_spawn()}, std::forward<Function>(function), std::forward<Arguments>(arguments)...) {
    static_assert(std::is_invocable_v<std::decay_t<Function>, std::decay_t<Arguments>...>, "the arguments must fit the function as rvalues");
  }
  thread(thread&&) noexcept = default;
  thread& operator=(thread&&) noexcept = default;  // of one that is joinable: std::terminate, as std's

  void swap(thread& other) noexcept { thread_.swap(other.thread_); }
  friend void swap(thread& a, thread& b) noexcept { a.swap(b); }
  [[nodiscard]] bool joinable() const noexcept { return thread_.joinable(); }
  [[nodiscard]] id get_id() const noexcept { return thread_.get_id(); }
  native_handle_type native_handle() { return thread_.native_handle(); }
  void detach() {
    if (thread_.joinable()) hooks::detaching(thread_.native_handle());
    thread_.detach();
  }
  void join() {
    if (!thread_.joinable()) return thread_.join();  // which throws
    hooks::joining scope(thread_.native_handle());
    thread_.join();
    scope.joined();
  }
  [[nodiscard]] static unsigned int hardware_concurrency() noexcept { return std::thread::hardware_concurrency(); }

 private:
  struct Begin {
    hooks::spawn_point by;
    template <class Function, class... Arguments>
    void operator()(Function&& function, Arguments&&... arguments) const {
      hooks::spawned(by);
      std::invoke(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    }
  };
  std::thread thread_;
};

class jthread {
 public:
  using id = thread::id;
  using native_handle_type = thread::native_handle_type;

  jthread() noexcept : stop_(std::nostopstate) {}
  template <class Function, class... Arguments>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, jthread>)
  explicit jthread(Function&& function, Arguments&&... arguments)
      : thread_(start(stop_, std::forward<Function>(function), std::forward<Arguments>(arguments)...)) {}
  ~jthread() { end(); }
  jthread(jthread&&) noexcept = default;
  jthread& operator=(jthread&& other) noexcept {
    jthread(std::move(other)).swap(*this);  // and what was here is asked to stop, and joined
    return *this;
  }

  void swap(jthread& other) noexcept {
    std::swap(stop_, other.stop_);
    thread_.swap(other.thread_);
  }
  friend void swap(jthread& a, jthread& b) noexcept { a.swap(b); }
  [[nodiscard]] bool joinable() const noexcept { return thread_.joinable(); }
  [[nodiscard]] id get_id() const noexcept { return thread_.get_id(); }
  native_handle_type native_handle() { return thread_.native_handle(); }
  void join() { thread_.join(); }
  void detach() { thread_.detach(); }
  [[nodiscard]] std::stop_source get_stop_source() noexcept { return stop_; }
  [[nodiscard]] std::stop_token get_stop_token() const noexcept { return stop_.get_token(); }
  bool request_stop() noexcept { return stop_.request_stop(); }
  [[nodiscard]] static unsigned int hardware_concurrency() noexcept { return thread::hardware_concurrency(); }

 private:
  template <class Function, class... Arguments>
  static thread start(const std::stop_source& stop, Function&& function, Arguments&&... arguments) {
    if constexpr (std::is_invocable_v<std::decay_t<Function>, std::stop_token, std::decay_t<Arguments>...>) {
      return thread(std::forward<Function>(function), stop.get_token(), std::forward<Arguments>(arguments)...);
    } else {
      return thread(std::forward<Function>(function), std::forward<Arguments>(arguments)...);
    }
  }
  void end() noexcept {
    if (!joinable()) return;
    request_stop();
    join();
  }

  std::stop_source stop_;
  thread thread_;
};

}  // namespace tailback
