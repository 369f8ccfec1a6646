// One process' part of an input: recognised by its own head, read by its own reader, beside other processes' lines.
//
// Containers' logs mix processes line by line. Each has a Lane: it gathers lines until they tell the format (at most
// kHeadBytes at a time; a dump may come gigabytes into a log), opens that format's reader, and feeds it from then on. Metric
// lines are taken from all lines, whatever the format, and become samples of the lane's recording.
//
// Where a dump of another format begins amid the lines (a container's log holds the JVM's own dump, then what gdb said of the same process), the lane goes
// on with that format's reader: each format is a recording of its own. An input whose format is named (--format-in) is read as that alone.
//
// Events reach the sink in the order of their times: a sample waits until the dump that may be open before it has been passed on, a dump until the
// samples of the lines before it have. What has no time goes first.
//
// A sink takes one recording at a time: the first lane that begins one writes straight through; the others collect theirs,
// and play them when the first is done.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "replay/sources/metric_lines.h"
#include "replay/sources/prefix.h"
#include "replay/sources/recognise.h"
#include "replay/sources/source.h"

namespace tailback::replay {

/// Who of the lanes writes straight into the sink.
struct SharedSink {
  EventSink& sink;
  const void* writer = nullptr;  ///< the lane whose recordings go straight through
};

class Lane {
 public:
  Lane(ReadOptions options, const Format* format, std::string name, MetricLines& metrics, SharedSink& shared);
  ~Lane();

  void line(const LogLine& line, std::uint64_t number);
  /// A line that is nothing but its text. `may_have_metrics`: false where it is known that MetricLines would read nothing from it.
  void line(std::string_view text, std::uint64_t number, bool may_have_metrics) {
    if (may_have_metrics) read_metrics(text);
    take(text, number, false);
  }
  /// The input has ended. Yields what is still open.
  void finish();
  /// Plays what was collected while another lane wrote.
  void play();

  [[nodiscard]] bool has_recordings() const;
  /// What each format said of the lane in which nothing was recognised.
  [[nodiscard]] const Refusals& refusals() const { return tried_; }
  /// Whether its reader found a dump or a sample, and the first thing that its reader had to say.
  [[nodiscard]] bool holds_events() const;
  [[nodiscard]] const std::string& damage() const;
  /// Joins the lane's recording: for what the framework itself has to say of the input.
  void diagnose(Diagnostic diagnostic);

 private:
  class Sink;
  /// A further format of the same lines.
  struct Other {
    const Format* format;
    std::unique_ptr<Sink> sink;
    std::unique_ptr<LineReader> reader;
  };
  struct HeadLine {
    std::size_t begin, size;
    std::uint64_t number;
    std::int64_t wall_ns;
    bool timed;
    std::int64_t mono_ns;
  };
  static constexpr std::size_t kHeadBytes = 256 << 10;
  /// What is held from a line on that begins another format's dump, before it is decided.
  static constexpr std::size_t kHeldBytes = 8 << 10;
  static constexpr int kMostRefusals = 256;  ///< a log whose own lines look like that is not looked at for ever

  void read_metrics(std::string_view text);
  void take(std::string_view text, std::uint64_t number, bool timed);
  void recognise(bool last);
  void keep(const Line& line);
  void feed_head();
  void open(const Format& format);
  void read(const Line& line);
  void decide();
  void go_on_with(const Format& format, std::uint64_t line);

  ReadOptions options_;
  const std::string name_;
  MetricLines& metrics_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<LineReader> reader_;
  const Format* own_format_ = nullptr;    ///< of reader_
  const Format* format_ = nullptr;        ///< of the lines now; null: not recognised yet
  LineReader* now_ = nullptr;             ///< that format's reader, and the sink that it writes to
  Sink* sink_now_ = nullptr;
  std::vector<Other> others_;
  SharedSink& shared_;
  const Format* held_ = nullptr;          ///< whose first line began what is held
  bool named_ = false, holding_ = false;
  int refusals_ = 0;
  std::string head_;                      ///< lines that no reader has had: before the format is known, and while holding_
  std::vector<HeadLine> head_lines_;
  Refusals tried_;
  std::int64_t wall_ns_ = 0, mono_ns_ = 0;
};

}  // namespace tailback::replay
