// Sources: captured text and files, read as if the runtime had recorded them.
//
// Recognising a format is apart from reading it. Each format is one file pair that defines a Format: how surely it
// recognises the beginning of an input, and a reader that is fed the input's lines. Adding a format is one file pair,
// one line in the registry (formats.cc) and one folder of cases.
//
// A reader keeps what it could read, reports the rest as diagnostics with line and reason, and never throws on input.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/signs.h"
#include "runtime/incident/event_sink.h"
#include <tailback/result.h>

namespace tailback::replay {

/// One line of input, without its end of line.
struct Line {
  std::string_view text;       ///< what a logger or container put before it is already cut off
  std::uint64_t number = 0;    ///< 1-based, in the input
  std::int64_t wall_ns = 0;    ///< time of the line itself or of the nearest before it; 0: unknown
  bool timed = false;          ///< it has a time of its own: something wrote a log's prefix before it
  std::int64_t mono_ns = 0;    ///< of the line or the nearest before it, since the machine started; 0: unknown
};

/// How far two lines are apart; numbers fall where a text is read from its end (line_order.h).
[[nodiscard]] constexpr std::uint64_t lines_apart(std::uint64_t a, std::uint64_t b) { return a < b ? b - a : a - b; }

/// Reads one format, line by line. Created for one input; driven by one thread.
class LineReader {
 public:
  virtual ~LineReader() = default;
  virtual void line(const Line& line) = 0;
  /// The input has ended: yields what is still open.
  virtual void finish() = 0;
};

struct Recognition {
  int score = 0;               ///< 0: not this format; 100: certain
  std::string reason;          ///< what spoke for it, or against it; shown when nothing recognises the input
  bool near = false;           ///< with score 0: something of the format's own is there, and not enough of it
};

struct ReadOptions {
  std::string file;                         ///< the input's name for diagnostics and RecordingInfo::file
  std::string format;                       ///< --format-in: a Format's name; empty: recognised
  std::string instance = "1";
  std::vector<std::string> metric_patterns; ///< --metric
  std::uint64_t maximum_bytes = std::uint64_t{64} << 30; ///< of decompressed input; beyond, reading ends with an error
  std::size_t maximum_line_bytes = std::size_t{64} << 20; ///< longer lines are cut, and a diagnostic says so
  std::size_t maximum_whole_bytes = std::size_t{512} << 20; ///< of a format that is held in memory whole (JSON); the rest is left out, and a diagnostic says so
  std::size_t maximum_points = 20'000'000;  ///< values of metrics that are kept of one input
  const std::atomic<bool>* stop = nullptr;  ///< looked at once a block and while waiting for one: true ends the reading with an error, "interrupted"
};

struct Format {
  std::string_view name;       ///< "go-log": RecordingInfo::source, and the word of --format-in
  std::string_view summary;    ///< for the help text
  Recognition (*recognise)(std::string_view head);  ///< `head`: the first 256 KiB, prefixes cut off
  std::unique_ptr<LineReader> (*open)(const ReadOptions& options, EventSink& sink);
  /// For a binary format, instead of `open`: reads all of the input at once. `recognise` gets its first bytes as they are.
  Result<void> (*read_bytes)(std::string_view bytes, const ReadOptions& options, EventSink& sink) = nullptr;
  /// A line that begins a dump of this format and hardly ever stands elsewhere: where one comes amid another format's lines, the lane looks
  /// closer. Null: such a dump is found at the beginning of an input only.
  bool (*begins)(std::string_view line) = nullptr;
  /// `recognise` says no to what holds none of these, and that it is not even near, so that it need not be asked. Empty: it is always asked.
  std::span<const Sign> signs = {};
};

/// All formats, in the order in which they are tried: of those that recognise the input equally surely, the first is it.
[[nodiscard]] const std::vector<Format>& formats();

}  // namespace tailback::replay
