// Waits until the recorder has committed enough dumps.
#pragma once

#include <tailback/recorder.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace samples {

class DumpCounter {
 public:
  /// For RecorderOptions::on_dump. `self` must outlive the recorder.
  static auto counting(DumpCounter& self) {
    return [&self](const tailback::DumpReport& report) { self.add(report); };
  }

  /// True once `dumps` dumps are committed and the last of them has at least `threads` threads; false after `patience`.
  bool wait(std::size_t dumps, std::uint64_t threads, std::chrono::seconds patience) {
    std::unique_lock hold(mutex_);
    return committed_.wait_for(hold, patience, [&] { return count_ >= dumps && last_.threads >= threads; });
  }

  tailback::DumpReport last() {
    const std::lock_guard hold(mutex_);
    return last_;
  }

 private:
  void add(const tailback::DumpReport& report) {
    {
      const std::lock_guard hold(mutex_);
      ++count_;
      last_ = report;
    }
    committed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable committed_;
  std::size_t count_ = 0;
  tailback::DumpReport last_;
};

}  // namespace samples
