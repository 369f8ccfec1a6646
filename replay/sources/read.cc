#include "replay/sources/read.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "replay/sources/decompress.h"
#include "replay/sources/input.h"
#include "replay/sources/lane.h"
#include "replay/sources/line_order.h"
#include "replay/sources/line_splitter.h"
#include "replay/sources/metric_lines.h"
#include "replay/sources/prefix.h"
#include "replay/sources/recognise.h"
#include "replay/sources/spooled_file.h"
#include "runtime/incident/incident_reader.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kMostLanes = 4096;
/// A binary format is read whole; Go's goroutine profile of a million goroutines has a few MB.
constexpr std::size_t kMostBinaryBytes = 512 << 20;

Result<const Format*> find_format(const std::string& name) {
  if (name.empty()) return nullptr;
  std::string known;
  for (const Format& format : formats()) {
    if (format.name == name) return &format;
    known.append(known.empty() ? "" : ", ").append(format.name);
  }
  return Error{ErrorCode::kInvalidArgument, "there is no format '" + name + "'; known are " + known, "--format-in"};
}

Result<std::unique_ptr<MetricLines>> metric_lines(const ReadOptions& options) {
  Result<std::unique_ptr<MetricLines>> lines = MetricLines::create(options.metric_patterns);
  if (lines.ok()) return lines;
  Error error = lines.error();
  error.context = "--metric '" + error.context + "'";
  return error;
}

/// What stamps without a year are at or before: the file's last modification; for a pipe, now.
std::int64_t reference_time(const std::string& path) {
  struct stat status {};
  if (path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  }
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// SQLite reads files, not pipes: an incident file from a pipe or out of a compressed one is put into a temporary file.
Result<void> read_incident_stream(PeekableSource& source, const std::string& name, EventSink& sink) {
  const Result<SpooledFile> file = SpooledFile::of(source);
  if (!file.ok()) return file.error();
  Result<void> read = read_incident(file->path(), sink);
  if (!read.ok()) {
    Error error = read.error();
    error.context = name;
    return error;
  }
  return read;
}

Result<void> read_binary(PeekableSource& source, const Format& format, const ReadOptions& options, EventSink& sink) {
  std::string bytes;
  std::vector<char> block(1 << 20);
  for (;;) {
    const Result<std::size_t> got = source.read(block);
    if (!got.ok()) return got.error();
    if (got.value() == 0) break;
    if (bytes.size() + got.value() > kMostBinaryBytes) {
      return Error{ErrorCode::kResourceExhausted, "is larger than a profile can be (" + std::to_string(kMostBinaryBytes >> 20) + " MiB)", options.file};
    }
    bytes.append(block.data(), got.value());
  }
  return format.read_bytes(bytes, options, sink);
}

/// One input of text: splits, strips, and deals the lines to their processes' lanes.
class TextInput {
 public:
  TextInput(const ReadOptions& options, const Format* format, MetricLines& metrics, std::int64_t reference_wall_ns, EventSink& sink)
      : options_(options), format_(format), metrics_(metrics), shared_{sink}, stripper_(reference_wall_ns) {}

  Result<void> read(PeekableSource& source) {
    const Result<std::string_view> head = source.peek(64 << 10);
    if (!head.ok()) return head.error();
    stripper_.learn(head.value());
    if (newest_line_first(head.value())) return read_backwards(source);
    LineSplitter splitter(source, options_.maximum_line_bytes);
    std::optional<Error> error;
    RawLine line;
    bool new_block = true, metrics_in_block = true;
    const auto take = [&](const LogLine& stripped) { deal(stripped, line.number); };
    for (;;) {
      if (!splitter.take(line)) {
        const Result<bool> more = splitter.next(line);
        if (!more.ok()) error = more.error();
        if (!more.ok() || !more.value()) break;
        if (splitter.took_block()) {
          if (interrupted()) {
            error = Error{ErrorCode::kIo, "interrupted at line " + std::to_string(line.number), options_.file};
            break;
          }
          new_block = true;
        }
      }
      if (stripper_.is_plain(line.text, line.may_have_escape)) {
        if (std::exchange(new_block, false)) metrics_in_block = metrics_.may_read(splitter.block());
        note(line.text);
        lane_of({}).line(line.text, line.number, metrics_in_block);
      } else {
        stripper_.strip(line.text, line.may_have_escape, take);
      }
    }
    stripper_.finish(take);
    return finish(splitter, line.number, std::move(error));
  }

 private:
  /// A text with its newest line first is held whole, and read from its end.
  Result<void> read_backwards(PeekableSource& source) {
    LineSplitter splitter(source, options_.maximum_line_bytes);
    std::string text;
    std::vector<std::size_t> begins;
    std::optional<Error> error;
    bool cut = false;
    for (RawLine line; !cut;) {
      const Result<bool> more = splitter.next(line);
      if (!more.ok()) error = more.error();
      if (!more.ok() || !more.value()) break;
      cut = text.size() + line.text.size() >= options_.maximum_whole_bytes || interrupted();
      begins.push_back(text.size());
      text.append(line.text);
    }
    std::uint64_t number = begins.size();
    const auto take = [&](const LogLine& stripped) { deal(stripped, number); };
    for (std::size_t end = text.size(); number > 0; --number) {
      const std::size_t begin = begins[number - 1];
      stripper_.strip(std::string_view(text).substr(begin, end - begin), true, take);
      end = begin;
    }
    stripper_.finish(take);
    if (!order_.empty()) order_.front()->diagnose({Severity::kInformation, options_.file, 1, "the newest line comes first: the lines are read from the last to the first", 1});
    if (cut && !error) {
      error = interrupted() ? Error{ErrorCode::kIo, "interrupted at line " + std::to_string(begins.size()), options_.file}
                            : Error{ErrorCode::kMalformed, "has its newest line first, and is too long to be held in memory: what is below was left out", options_.file};
    }
    return finish(splitter, begins.size(), std::move(error));
  }

  void deal(const LogLine& line, std::uint64_t number) {
    note(line.text);
    timed_ = timed_ || line.wall_ns != 0;
    lane_of(line.lane).line(line, number);
  }

  Lane& lane_of(std::string_view name) {
    // A line that does not say whose it is goes on with what came before.
    if (current_ != nullptr && (name.empty() || name == current_name_)) return *current_;
    return turn_to(std::string(name));
  }

  Lane& turn_to(std::string name) {
    auto found = lanes_.find(name);
    if (found == lanes_.end()) {
      if (lanes_.size() >= kMostLanes && current_ != nullptr) return *current_;
      found = lanes_.emplace(name, std::make_unique<Lane>(options_, format_, name, metrics_, shared_)).first;
      order_.push_back(found->second.get());
    }
    current_name_ = std::move(name);
    current_ = found->second.get();
    return *current_;
  }

  /// Keeps what an error would have to say of the input.
  void note(std::string_view text) {
    if (head_.size() < (format_ == nullptr ? kKindBytes : kHeadBytes)) head_.append(text).push_back('\n');
  }

  [[nodiscard]] bool interrupted() const { return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed); }

  Result<void> finish(const LineSplitter& splitter, std::uint64_t lines, std::optional<Error> error) {
    if (order_.empty()) return error ? *error : Error{ErrorCode::kMalformed, "is empty", options_.file};
    // The writer first: it holds the sink open.
    std::stable_partition(order_.begin(), order_.end(), [&](const Lane* lane) { return lane == shared_.writer; });
    if (splitter.lines_cut() > 0) {
      order_.front()->diagnose({Severity::kDataLoss, options_.file, splitter.first_cut_line(),
                                "line longer than " + std::to_string(options_.maximum_line_bytes >> 20) + " MiB, cut there", splitter.lines_cut()});
    }
    if (error) order_.front()->diagnose({Severity::kError, options_.file, lines, error->message, 1});
    bool any = false, events = false;
    for (Lane* lane : order_) {
      lane->finish();
      any = any || lane->has_recordings();
      events = events || lane->holds_events();
    }
    for (Lane* lane : order_) lane->play();
    // What is read whole is parsed only now, and may have been stopped there.
    if (!error && interrupted()) error = Error{ErrorCode::kIo, "interrupted at line " + std::to_string(lines), options_.file};
    // Damage is said beside what could be read. What was stopped is an error whatever was read.
    if (error && (!any || error->code != ErrorCode::kMalformed)) return *error;
    if (format_ != nullptr && !events) return nothing_of_format(*format_, head_, order_.front()->damage(), options_.file);
    if (any) return {};
    return unknown_text({head_, lines, timed_}, order_.front()->refusals(), options_.file);
  }

  static constexpr std::size_t kKindBytes = 4096;       ///< to tell JSON from a log, and whose stacks they are
  static constexpr std::size_t kHeadBytes = 256 << 10;  ///< what recognition looks at

  const ReadOptions& options_;
  const Format* format_;
  MetricLines& metrics_;
  SharedSink shared_;
  PrefixStripper stripper_;
  std::unordered_map<std::string, std::unique_ptr<Lane>> lanes_;
  std::vector<Lane*> order_;
  Lane* current_ = nullptr;
  std::string current_name_;
  std::string head_;
  bool timed_ = false;
};

Result<void> read_source(std::unique_ptr<ByteSource> raw, const std::string& path, const ReadOptions& options, const Format* format, MetricLines& metrics, EventSink& sink) {
  DecompressLimits limits;
  limits.maximum_bytes = options.maximum_bytes;
  const ByteSource* as_it_is = raw.get();
  Result<std::unique_ptr<PeekableSource>> opened = decompress(std::move(raw), options.file, limits);
  if (!opened.ok()) return opened.error();
  PeekableSource& source = *opened.value();
  const Result<std::string_view> peeked = source.peek(16);
  if (!peeked.ok()) return peeked.error();
  if (peeked.value().empty()) return Error{ErrorCode::kMalformed, "is empty", options.file};
  if (looks_like_incident(peeked.value())) {
    return source.wraps(as_it_is) && path != "-" && !path.empty() ? read_incident(path, sink) : read_incident_stream(source, options.file, sink);
  }
  if (format == nullptr) {
    const Result<std::string_view> head = source.peek(4096);
    if (!head.ok()) return head.error();
    format = recognise_format(head.value(), true);
    if (format == nullptr && is_binary(head.value())) return Error{ErrorCode::kUnknownFormat, std::string(kind_of_binary(head.value())), options.file};
  }
  if (format != nullptr && format->read_bytes != nullptr) return read_binary(source, *format, options, sink);
  return TextInput(options, format, metrics, reference_time(path), sink).read(source);
}

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min(into.size(), bytes_.size());
    std::copy_n(bytes_.data(), size, into.data());
    bytes_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

Result<void> read_inputs(const std::vector<std::string>& paths, const ReadOptions& options, EventSink& sink) {
  const Result<const Format*> format = find_format(options.format);
  if (!format.ok()) return format.error();
  Result<std::unique_ptr<MetricLines>> metrics = metric_lines(options);
  if (!metrics.ok()) return metrics.error();
  for (const std::string& path : paths) {
    ReadOptions of_input = options;
    of_input.file = input_name(path);
    Result<std::unique_ptr<ByteSource>> source = open_file(path, options.stop);
    if (!source.ok()) return source.error();
    if (Result<void> read = read_source(std::move(source).value(), path, of_input, format.value(), *metrics.value(), sink); !read.ok()) return read;
  }
  return {};
}

Result<void> read_text(std::string_view bytes, const ReadOptions& options, EventSink& sink) {
  const Result<const Format*> format = find_format(options.format);
  if (!format.ok()) return format.error();
  Result<std::unique_ptr<MetricLines>> metrics = metric_lines(options);
  if (!metrics.ok()) return metrics.error();
  return read_source(std::make_unique<MemorySource>(bytes), "", options, format.value(), *metrics.value(), sink);
}

}  // namespace tailback::replay
