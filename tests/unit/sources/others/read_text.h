// Feeds a text to one format's reader, as the input framework would but for recognising it, and puts a recording into words that a test compares.
#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/prefix.h"
#include "replay/sources/source.h"

namespace tailback::replay {

/// The recordings that `format` reads from `text`.
inline std::vector<Recording> read_all(const Format& format, std::string_view text) {
  RecordingCollector collector;
  ReadOptions options;
  options.file = "input";
  const auto reader = format.open(options, collector);
  std::uint64_t number = 0;
  PrefixStripper stripper(0);
  stripper.learn(text);
  const auto take = [&](const LogLine& stripped) { reader->line({stripped.text, number, stripped.wall_ns, stripped.wall_ns != 0, stripped.mono_ns}); };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    stripper.strip(line, true, take);
  }
  reader->finish();
  return collector.take();
}

/// The one recording in `text`; an empty one where there is none.
inline Recording read_one(const Format& format, std::string_view text) {
  std::vector<Recording> recordings = read_all(format, text);
  return recordings.empty() ? Recording{} : std::move(recordings.front());
}

inline std::string describe_lock(const Recording& r, const Lock& lock) {
  std::ostringstream text;
  text << to_string(lock.kind) << " 0x" << std::hex << lock.address << std::dec;
  if (lock.name) text << ' ' << r.table.text(lock.name);
  return text.str();
}

/// Owners that no hold tells.
inline void describe_owners(std::ostream& out, const Recording& r, const Dump& dump) {
  std::vector<bool> held(dump.locks.size(), false);
  for (const Hold& hold : dump.holds) held[hold.lock.index] = true;
  for (std::size_t i = 0; i < dump.locks.size(); ++i) {
    if (!held[i] && !dump.locks[i].owner.empty()) out << "owner of " << describe_lock(r, dump.locks[i]) << ": " << dump.locks[i].owner << '\n';
  }
}

inline void describe_thread(std::ostream& out, const Recording& r, const Dump& dump, std::size_t index) {
  const ThreadRecord& t = dump.threads[index];
  out << "thread " << t.id;
  if (t.name) out << " \"" << r.table.text(t.name) << '"';
  if (t.count != 1) out << " x" << t.count;
  out << ' ' << to_string(t.state);
  if (t.state_text) out << " [" << r.table.text(t.state_text) << ']';
  if (t.waited_ns >= 0) out << " waited " << t.waited_ns / 1'000'000'000 << " s";
  if (t.cpu_ns >= 0) out << " cpu " << t.cpu_ns / 1'000 << " us";
  if (t.quality != StackQuality::kComplete) out << ' ' << to_string(t.quality) << " (" << r.table.text(t.absence_reason) << ')';
  if (t.label) out << " label " << r.table.text(t.label);
  if (t.created_by) out << " created by " << r.table.text(t.created_by);
  out << '\n';
  const auto frames = r.table.stack(t.stack);
  for (std::size_t f = 0; f < frames.size(); ++f) {
    const Frame& frame = r.table.frame(frames[f]);
    out << "  " << (frame.function ? r.table.text(frame.function) : "?");
    if (frame.file) out << ' ' << r.table.text(frame.file) << ':' << frame.line;
    if (frame.module) out << " in " << r.table.text(frame.module);
    if (frame.address) out << std::hex << " at 0x" << frame.address << std::dec;
    if (frame.inlined) out << " inlined";
    for (const Argument& a : r.table.arguments(t.arguments)) {
      if (a.frame == f) out << ' ' << r.table.text(a.name) << "=0x" << std::hex << a.value << std::dec << (a.uncertain ? "?" : "");
    }
    out << '\n';
  }
  const auto lock = [&](LockId id) { return describe_lock(r, dump.locks[id.index]); };
  for (const Wait& w : dump.waits) {
    if (w.thread.index == index) out << "  waits " << to_string(w.mode) << " at frame " << w.frame << " for " << lock(w.lock) << '\n';
  }
  for (const Hold& h : dump.holds) {
    if (h.thread.index != index) continue;
    out << "  holds " << to_string(h.mode) << ' ';
    if (h.frame != Hold::kNoFrame) out << "since frame " << h.frame << ' ';
    out << lock(h.lock) << ' ' << to_string(h.basis) << '\n';
  }
}

/// Everything that a reader can say, one fact a line.
inline std::string describe(const std::vector<Recording>& recordings) {
  std::ostringstream out;
  for (const Recording& r : recordings) {
    out << "recording " << r.info.source << ' ' << to_string(r.info.runtime);
    if (!r.info.version.empty()) out << " version " << r.info.version;
    if (r.info.pid != 0) out << " pid " << r.info.pid;
    if (r.info.instance != "1") out << " instance " << r.info.instance;
    out << '\n';
    for (const Sample& s : r.samples) {
      out << "sample " << s.wall_ns;
      for (const MetricValue& v : s.values) out << ' ' << r.metrics[v.metric.index].name << '=' << v.value;
      out << '\n';
    }
    for (const Dump& d : r.dumps) {
      out << "dump " << d.id << " at " << d.wall_ns << ", " << d.thread_count() << " threads\n";
      for (std::size_t i = 0; i < d.threads.size(); ++i) describe_thread(out, r, d, i);
      describe_owners(out, r, d);
      for (const StringId s : d.statements) out << "statement " << r.table.text(s) << '\n';
    }
    for (const Diagnostic& d : r.diagnostics) {
      out << "diagnostic " << to_string(d.severity) << " line " << d.line << ": " << d.reason << " x" << d.count << '\n';
    }
  }
  return out.str();
}

}  // namespace tailback::replay
