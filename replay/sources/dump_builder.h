// Puts a dump together from the facts that a reader meets, one thread after another, and passes it on when it is whole.
//
// begin_dump … (begin_thread … frame … end_thread)* … end_dump, then finish(). What is left open is closed by the next
// begin. A reader that met something it could not read says so with diagnose(), which counts by reason.
//
// Thread safety: none; owned by one reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replay/sources/source.h"
#include "runtime/incident/event_sink.h"

namespace tailback::replay {

class DumpBuilder {
 public:
  DumpBuilder(const ReadOptions& options, EventSink& sink, std::string_view source, Runtime runtime);

  /// Begins the recording if that has not happened.
  Recording& recording();
  StackTable& table() { return recording().table; }
  RecordingInfo& info() { return info_; }  ///< to be filled before the first use of recording()

  Dump& begin_dump(std::int64_t wall_ns);
  /// The open dump; begins one where there is none.
  Dump& dump();
  [[nodiscard]] bool dump_open() const { return dump_open_; }
  [[nodiscard]] bool dump_has_threads() const { return dump_open_ && !dump_.threads.empty(); }
  /// Passes the dump on; a dump without threads and statements is dropped.
  void end_dump();

  /// Closes the thread that is open and begins the next; the reference is valid until then.
  ThreadRecord& begin_thread(std::string id, std::uint64_t line);
  /// The same for a row of a source that counts threads without naming them: its id, "row 20", is no thread's.
  ThreadRecord& begin_row(std::uint64_t line);
  [[nodiscard]] bool thread_open() const { return thread_open_; }
  [[nodiscard]] ThreadRecord& thread() { return dump_.threads.back(); }
  [[nodiscard]] ThreadIndex thread_index() const { return {static_cast<std::uint32_t>(dump_.threads.size() - 1)}; }
  /// Frames beyond kMaximumFrames are dropped, and the thread says so.
  void frame(FrameId frame);
  void argument(Argument argument);  ///< Argument::frame counts from the innermost
  void pop_frame() { if (!frames_.empty()) frames_.pop_back(); }
  [[nodiscard]] FrameId last_frame() const { return frames_.empty() ? FrameId{} : frames_.back(); }
  [[nodiscard]] std::size_t frame_count() const { return frames_.size(); }
  [[nodiscard]] std::vector<FrameId>& frames() { return frames_; }
  void end_thread();
  /// Takes threads back, once all are ended: a mark for each. Nothing may name a thread yet.
  void drop_threads(const std::vector<bool>& dropped);

  /// The lock of that address in the open dump, adding it if it is new. 0 is no address: each call yields a new lock.
  LockId lock(std::uint64_t address, LockKind kind, StringId name);

  void diagnose(Severity severity, std::uint64_t line, std::string_view reason);

  /// Passes on what is open and the diagnostics, and ends the recording.
  void finish();

  static constexpr std::size_t kMaximumFrames = 0xfffe;

 private:
  RecordingInfo info_;
  EventSink& sink_;
  Recording* recording_ = nullptr;
  Dump dump_;
  bool dump_open_ = false, thread_open_ = false;
  std::int64_t dumps_ = 0;
  std::size_t threads_of_last_ = 0;
  std::vector<FrameId> frames_;
  std::vector<Argument> arguments_;
  std::unordered_map<std::uint64_t, LockId> lock_of_address_;
  std::vector<Diagnostic> diagnostics_;  ///< one a reason, in order of first appearance
};

}  // namespace tailback::replay
