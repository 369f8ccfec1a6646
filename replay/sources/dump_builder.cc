#include "replay/sources/dump_builder.h"

#include <algorithm>

namespace tailback::replay {

DumpBuilder::DumpBuilder(const ReadOptions& options, EventSink& sink, std::string_view source, Runtime runtime) : sink_(sink) {
  info_.source = source;
  info_.runtime = runtime;
  info_.instance = options.instance;
  info_.file = options.file;
}

Recording& DumpBuilder::recording() {
  if (recording_ == nullptr) recording_ = &sink_.begin(info_);
  return *recording_;
}

Dump& DumpBuilder::begin_dump(std::int64_t wall_ns) {
  end_dump();
  recording();
  dump_.id = dumps_ + 1;
  dump_.wall_ns = wall_ns;
  // A log's next dump has about as many threads as the last. What is too much is given back when it is whole.
  dump_.threads.reserve(threads_of_last_);
  dump_.line_of_thread.reserve(threads_of_last_);
  dump_open_ = true;
  return dump_;
}

Dump& DumpBuilder::dump() { return dump_open_ ? dump_ : begin_dump(0); }

void DumpBuilder::end_dump() {
  end_thread();
  if (!dump_open_) return;
  if (!dump_.threads.empty() || !dump_.statements.empty()) {
    ++dumps_;
    threads_of_last_ = dump_.threads.size();
    if (dump_.threads.capacity() / 2 > dump_.threads.size()) {
      dump_.threads.shrink_to_fit();
      dump_.line_of_thread.shrink_to_fit();
    }
    sink_.dump(std::move(dump_));
  }
  dump_ = Dump{};
  lock_of_address_.clear();
  dump_open_ = false;
}

ThreadRecord& DumpBuilder::begin_thread(std::string id, std::uint64_t line) {
  end_thread();
  Dump& dump = this->dump();
  dump.threads.emplace_back().id = std::move(id);
  dump.line_of_thread.push_back(line);
  thread_open_ = true;
  return dump.threads.back();
}

ThreadRecord& DumpBuilder::begin_row(std::uint64_t line) {
  return begin_thread("row " + std::to_string(dump().threads.size() + 1), line);
}

void DumpBuilder::frame(FrameId frame) {
  if (frames_.size() < kMaximumFrames) {
    frames_.push_back(frame);
    return;
  }
  thread().quality = StackQuality::kPartial;
  thread().absence_reason = table().intern("more frames than are kept");
}

void DumpBuilder::argument(Argument argument) {
  if (argument.frame < kMaximumFrames) arguments_.push_back(argument);
}

void DumpBuilder::end_thread() {
  if (!thread_open_) return;
  ThreadRecord& thread = dump_.threads.back();
  if (!frames_.empty()) thread.stack = table().intern(frames_);
  if (!arguments_.empty()) thread.arguments = table().intern(arguments_);
  frames_.clear();
  arguments_.clear();
  thread_open_ = false;
}

void DumpBuilder::drop_threads(const std::vector<bool>& dropped) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < dump_.threads.size(); ++i) {
    if (dropped[i]) continue;
    if (kept != i) dump_.threads[kept] = std::move(dump_.threads[i]);
    dump_.line_of_thread[kept++] = dump_.line_of_thread[i];
  }
  dump_.threads.resize(kept);
  dump_.line_of_thread.resize(kept);
}

LockId DumpBuilder::lock(std::uint64_t address, LockKind kind, StringId name) {
  Dump& dump = this->dump();
  const LockId next{static_cast<std::uint32_t>(dump.locks.size())};
  if (address != 0) {
    // A monitor and the condition that its wait() waits for share an address; they are two things to wait for.
    const bool condition = kind == LockKind::kCondition || kind == LockKind::kJoin;
    const auto [at, added] = lock_of_address_.try_emplace(condition ? ~address : address, next);
    if (!added) {
      Lock& known = dump.locks[at->second.index];
      if (known.kind == LockKind::kUnknown) known.kind = kind;
      if (!known.name) known.name = name;
      return at->second;
    }
  }
  Lock& lock = dump.locks.emplace_back();
  lock.address = address;
  lock.kind = kind;
  lock.name = name;
  return next;
}

void DumpBuilder::diagnose(Severity severity, std::uint64_t line, std::string_view reason) {
  const auto known = std::find_if(diagnostics_.begin(), diagnostics_.end(), [&](const Diagnostic& d) { return d.reason == reason; });
  if (known != diagnostics_.end()) {
    ++known->count;
    return;
  }
  diagnostics_.push_back({severity, info_.file, line, std::string(reason), 1});
}

void DumpBuilder::finish() {
  end_dump();
  recording();
  for (Diagnostic& diagnostic : diagnostics_) sink_.diagnostic(std::move(diagnostic));
  diagnostics_.clear();
  sink_.end();
  recording_ = nullptr;
  dumps_ = 0;
}

}  // namespace tailback::replay
