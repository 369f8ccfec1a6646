// What instrumented locks have been asked for and granted, from the locks' rings into the recording.
//
//   last   the rings keep each thread's newest events; they are stored with every dump: what led up to it
//   full   they are stored all the time; what finds no room in between is counted
//
// Thread safety: none; the writing thread's, after start().
#pragma once

#include <cstdint>
#include <unordered_set>

#include "runtime/incident/event_sink.h"
#include "runtime/locks/annotate.h"
#include <tailback/recorder.h>

namespace tailback {

class LockEventRecorder {
 public:
  explicit LockEventRecorder(LockEvents mode) : mode_(mode) {}

  /// Has the locks write events from now on.
  void start() const;
  void stop() const;

  /// Hands what the rings hold to `sink`, with the locks that it names in `recording.instrumented_locks`.
  void store(EventSink& sink, Recording& recording, const locks::PlaceNames& names);
  /// Another recording: locks have to be named again.
  void begin_recording() { known_.clear(); }

  [[nodiscard]] bool on() const { return mode_ != LockEvents::kOff; }
  [[nodiscard]] bool all_the_time() const { return mode_ == LockEvents::kFull; }
  [[nodiscard]] std::uint64_t lost() const;

 private:
  void name_lock(std::uint64_t id, Recording& recording);

  const LockEvents mode_;
  std::unordered_set<std::uint64_t> known_;  // ids that the recording names
};

}  // namespace tailback
