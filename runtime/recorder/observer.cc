#include "runtime/recorder/observer.h"

#include <algorithm>
#include <utility>

#include "runtime/locks/task_queues.h"

namespace tailback {

void Observer::run() {
  next_ = std::chrono::steady_clock::now();
  for (;;) {
    Wake wake = wait();
    // A dump that is asked for has a sample beside it, too.
    if (wake.sample || wake.poked || wake.stop || wake.request) observe(wake.poked);
    if (wake.request) {
      const std::string_view reason = wake.request->reason;
      capture(reason, nullptr, std::move(wake.request));
    }
    if (wake.stop) {
      push_stop();
      return;
    }
  }
}

/// The last event. A full queue is waited for, as long as stop() may take; a writer that hangs is then left to itself.
void Observer::push_stop() {
  const auto deadline = std::chrono::steady_clock::now() + Recorder::kStopTimeout;
  while (!queue_.push(false, [](RecorderEvent& event) { event.kind = RecorderEvent::Kind::kStop; })) {
    if (std::chrono::steady_clock::now() >= deadline) return;
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::chrono::milliseconds(10));
  }
}

Observer::Wake Observer::wait() {
  Wake wake;
  std::unique_lock lock(mutex_);
  woken_.wait_until(lock, next_, [this] { return stopping_ || poked_ || request_count_ > 0; });
  const auto now = std::chrono::steady_clock::now();
  if (request_count_ > 0) {
    wake.request = std::move(requests_[0]);
    std::move(requests_.begin() + 1, requests_.begin() + static_cast<std::ptrdiff_t>(request_count_), requests_.begin());
    --request_count_;
  } else {
    wake.stop = stopping_;
  }
  wake.sample = now >= next_;
  wake.poked = std::exchange(poked_, false);
  if (now >= next_) {
    next_ += interval_;
    if (next_ <= now) {
      const auto missed = (now - next_) / interval_ + 1;
      tallies_.samples_late += static_cast<std::uint64_t>(missed);
      next_ += missed * interval_;
    }
  }
  return wake;
}

void Observer::observe(bool fresh) {
  locks::publish_task_queues();
  sampler_.take(sample_, fresh);
  ++tallies_.samples_taken;
  const bool queued = queue_.push(true, [this](RecorderEvent& event) {
    event.kind = RecorderEvent::Kind::kSample;
    event.sample = sample_;  // within the room that the slot's vector has
  });
  if (!queued) ++tallies_.samples_dropped;
  for (const Decision& decision : engine_.observe(sample_, sampler_.metrics())) announce(decision);
  publish_counts();
}

void Observer::announce(const Decision& decision) {
  if (decision.kind == Decision::Kind::kDump) {
    capture(engine_.triggers()[decision.trigger].text, &decision, nullptr);
    return;
  }
  const bool queued = queue_.push(false, [&](RecorderEvent& event) {
    event.kind = decision.kind == Decision::Kind::kOpen ? RecorderEvent::Kind::kOpened : RecorderEvent::Kind::kClosed;
    event.decision = decision;
    event.wall_ns = sample_.wall_ns;
  });
  if (!queued) ++tallies_.events_dropped;
}

void Observer::capture(std::string_view reason, const Decision* decision, std::shared_ptr<DumpRequest> request) {
  RawDump raw;
  raw.failure = CaptureFailure::kNoListing;
  if (capturer_ != nullptr) raw = capturer_->capture(reason, decision != nullptr ? decision->breach_id : 0);
  const locks::Snapshot* locks = raw.ok() ? snapshots_.take() : nullptr;
  const bool queued = queue_.push(false, [&](RecorderEvent& event) {
    event.kind = RecorderEvent::Kind::kDump;
    event.locks = locks;
    event.locks_lost = raw.ok() && locks == nullptr && locks::record_count() != 0;
    event.by_trigger = decision != nullptr;
    if (decision != nullptr) event.decision = *decision;
    event.wall_ns = sample_.wall_ns;
    event.raw = raw;
    event.request = std::move(request);
  });
  // The dump itself is safe: it stays in the spool and is taken in at the next start.
  if (queued) return;
  snapshots_.give_back(locks);
  ++tallies_.events_dropped;
  if (request) request->reply(Error{ErrorCode::kResourceExhausted, "the writing thread does not keep up; the dump is in the spool", request->reason});
}

void Observer::publish_counts() {
  for (std::size_t i = 0; i < kNoDumpReasons; ++i) tallies_.no_dump[i] = engine_.count(static_cast<NoDump>(i));
}

bool Observer::request(std::shared_ptr<DumpRequest> request) {
  {
    const std::lock_guard guard(mutex_);
    if (stopping_ || request_count_ == kMostRequests) return false;
    requests_[request_count_++] = std::move(request);
  }
  woken_.notify_one();
  return true;
}

void Observer::poke() {
  {
    const std::lock_guard guard(mutex_);
    poked_ = true;
  }
  woken_.notify_one();
}

void Observer::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
}

}  // namespace tailback
