// A dump that was asked for by hand, and the place where its answer is awaited.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include <tailback/recorder.h>

namespace tailback {

struct DumpRequest {
  explicit DumpRequest(std::string reason_) : reason(std::move(reason_)) {}

  const std::string reason;
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<Result<DumpReport>> answer;

  void reply(Result<DumpReport> report) {
    {
      const std::lock_guard guard(mutex);
      if (!answer) answer.emplace(std::move(report));
    }
    answered.notify_all();
  }

  Result<DumpReport> wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex);
    if (!answered.wait_for(lock, timeout, [this] { return answer.has_value(); })) {
      return Error{ErrorCode::kResourceExhausted, "the dump was not stored within " + std::to_string(timeout.count()) + " ms", reason};
    }
    return *answer;
  }
};

}  // namespace tailback
