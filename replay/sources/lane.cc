#include "replay/sources/lane.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tailback::replay {

/// Stands between a reader and the input's sink: adds what the framework knows, and collects where another lane writes.
class Lane::Sink final : public EventSink {
 public:
  /// `who`: which writer it is among those of the input; null: itself.
  Sink(SharedSink& shared, const Lane& lane, const void* who) : shared_(shared), lane_(lane), who_(who == nullptr ? this : who) {}

  Recording& begin(RecordingInfo info) override {
    if (!lane_.name_.empty() && info.instance == "1" && pid_ == 0) info.instance = lane_.name_;
    if (info.pid == 0) info.pid = pid_;
    if (info.host.empty()) info.host = host_;
    if (shared_.writer == nullptr) shared_.writer = who_;
    direct_ = shared_.writer == who_;
    begun_ = open_ = true;
    recording_ = direct_ ? &shared_.sink.begin(std::move(info)) : &collector_.begin(std::move(info));
    for (const Pending& sample : std::exchange(pending_, {})) waiting_.push_back(to_sample(sample));
    return *recording_;
  }
  void sample(Sample sample) override {
    holds_events_ = true;
    target().sample(std::move(sample));
  }
  void dump(Dump dump) override {
    holds_events_ = true;
    pass_waiting([&](const Sample& sample) { return sample.wall_ns == 0 || dump.wall_ns == 0 || sample.wall_ns <= dump.wall_ns; });
    target().dump(std::move(dump));
  }
  void breach(Breach breach) override { target().breach(std::move(breach)); }
  void lock_event(const LockEvent& event) override { target().lock_event(event); }
  void diagnostic(Diagnostic diagnostic) override {
    if (damage_.empty()) damage_ = diagnostic.reason;
    target().diagnostic(std::move(diagnostic));
  }
  void end() override {
    pass_waiting([](const Sample&) { return true; });
    for (Diagnostic& diagnostic : std::exchange(diagnostics_, {})) target().diagnostic(std::move(diagnostic));
    target().end();
    open_ = false;
  }

  void readings(const std::vector<MetricReading>& readings, std::int64_t wall_ns) {
    Pending sample{wall_ns, {}};
    for (const MetricReading& reading : readings) sample.values.push_back({std::string(reading.name), std::string(reading.unit), reading.value});
    if (open_) waiting_.push_back(to_sample(sample));
    else pending_.push_back(std::move(sample));
  }

  void whose(std::int64_t pid, std::string_view host) {
    pid_ = pid;
    host_ = host;
  }
  void whose_as(const Sink& other) { whose(other.pid_, other.host_); }
  void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  [[nodiscard]] bool begun() const { return begun_; }
  /// Dumps or samples of the reader's own: it begins a recording whatever it found.
  [[nodiscard]] bool holds_events() const { return holds_events_; }
  [[nodiscard]] const std::string& damage() const { return damage_; }
  [[nodiscard]] bool has_samples() const { return !pending_.empty(); }

  void play() {
    for (Recording& recording : collector_.take()) forward_recording(std::move(recording), shared_.sink);
  }

 private:
  struct Pending {
    struct Value {
      std::string name, unit;
      double value;
    };
    std::int64_t wall_ns;
    std::vector<Value> values;
  };

  /// The samples at the front for which `first` holds.
  template <class First>
  void pass_waiting(First&& first) {
    const auto later = std::find_if_not(waiting_.begin(), waiting_.end(), first);
    for (auto sample = waiting_.begin(); sample != later; ++sample) target().sample(std::move(*sample));
    waiting_.erase(waiting_.begin(), later);
  }

  EventSink& target() { return direct_ ? shared_.sink : static_cast<EventSink&>(collector_); }

  Sample to_sample(const Pending& pending) {
    Sample sample;
    sample.wall_ns = pending.wall_ns;
    for (const Pending::Value& value : pending.values) sample.values.push_back({recording_->metric(value.name, value.unit), value.value, 0});
    return sample;
  }

  SharedSink& shared_;
  const Lane& lane_;
  const void* const who_;
  RecordingCollector collector_;
  Recording* recording_ = nullptr;
  bool begun_ = false, open_ = false, direct_ = false, holds_events_ = false;
  std::string damage_;            ///< the first thing that a reader had to say of its input
  std::vector<Pending> pending_;  ///< of lines before the recording
  std::vector<Sample> waiting_;   ///< of lines within and after a dump that is passed on when it is whole
  std::vector<Diagnostic> diagnostics_;
  std::int64_t pid_ = 0;
  std::string host_;
};

Lane::Lane(ReadOptions options, const Format* format, std::string name, MetricLines& metrics, SharedSink& shared)
    : options_(std::move(options)), name_(std::move(name)), metrics_(metrics), sink_(std::make_unique<Sink>(shared, *this, this)), sink_now_(sink_.get()), shared_(shared), named_(format != nullptr) {
  if (format != nullptr) open(*format);
}

Lane::~Lane() = default;

void Lane::open(const Format& format) {
  reader_ = format.open(options_, *sink_);
  now_ = reader_.get();
  format_ = own_format_ = &format;
}

namespace {

/// Whether a line that begins so may begin a dump.
constexpr std::array<bool, 256> kMayBeginDump = [] {
  std::array<bool, 256> may{};
  for (const char c : std::string_view("gTFCP0I")) may[static_cast<unsigned char>(c)] = true;
  return may;
}();

bool may_begin_dump(std::string_view text) { return !text.empty() && kMayBeginDump[static_cast<unsigned char>(text.front())]; }

/// The format, other than `known`, whose dumps such a line begins; null for nearly every line.
const Format* format_begun_by(std::string_view text, const Format* known) {
  if (!may_begin_dump(text)) return nullptr;
  const auto begun = std::find_if(formats().begin(), formats().end(), [&](const Format& format) { return &format != known && format.begins != nullptr && format.begins(text); });
  return begun == formats().end() ? nullptr : &*begun;
}

}  // namespace

void Lane::line(const LogLine& line, std::uint64_t number) {
  if (line.wall_ns != 0) wall_ns_ = line.wall_ns;
  if (line.mono_ns != 0) mono_ns_ = line.mono_ns;
  if (line.pid != 0 || !line.host.empty()) sink_->whose(line.pid, line.host);
  read_metrics(line.record.empty() ? line.text : line.record);
  take(line.text, number, line.wall_ns != 0);
}

void Lane::read_metrics(std::string_view text) {
  if (const auto& readings = metrics_.read(text); !readings.empty()) sink_now_->readings(readings, wall_ns_);
}

void Lane::take(std::string_view text, std::uint64_t number, bool timed) {
  const Line stripped{text, number, wall_ns_, timed, mono_ns_};
  if (reader_ && !holding_ && !may_begin_dump(text)) return now_->line(stripped);  // nearly every line
  if (reader_) return read(stripped);
  keep(stripped);
  if (head_.size() >= kHeadBytes) recognise(false);
}

void Lane::keep(const Line& line) {
  head_lines_.push_back({head_.size(), line.text.size(), line.number, line.wall_ns, line.timed, line.mono_ns});
  head_.append(line.text).push_back('\n');
}

void Lane::read(const Line& line) {
  // While nothing is held, another dump of the lines' own format is for its reader to see.
  const Format* begun = named_ || refusals_ >= kMostRefusals ? nullptr : format_begun_by(line.text, holding_ ? nullptr : format_);
  // What is held is one dump: where the next begins, of this format or of a third, it is decided first.
  while (holding_ && begun != nullptr && begun != held_) decide();
  if (!holding_ && (begun == nullptr || begun == format_)) return now_->line(line);
  if (!holding_) held_ = begun;
  holding_ = true;
  keep(line);
  if (head_.size() >= kHeldBytes) decide();
}

/// Whose are the lines held? Another format's only where the present one knows nothing of them.
void Lane::decide() {
  constexpr int kSure = 85;
  const std::uint64_t line = head_lines_.front().number;
  const Format* best = recognise_format(head_, false);
  if (best != nullptr && best != format_ && best->recognise(head_).score >= kSure && format_->recognise(head_).score == 0) {
    go_on_with(*best, line);
  } else if (++refusals_ == kMostRefusals) {
    sink_->add({Severity::kInformation, options_.file, line, "many lines look like the beginning of another format's dump; from here on they are taken for the log's own", 1});
  }
  holding_ = false;
  feed_head();
}

void Lane::go_on_with(const Format& format, std::uint64_t line) {
  format_ = &format;
  const auto known = std::find_if(others_.begin(), others_.end(), [&](const Other& other) { return other.format == &format; });
  if (&format == own_format_) {
    now_ = reader_.get();
    sink_now_ = sink_.get();
  } else if (known != others_.end()) {
    now_ = known->reader.get();
    sink_now_ = known->sink.get();
  } else {
    Other& other = others_.emplace_back(Other{&format, std::make_unique<Sink>(shared_, *this, nullptr), nullptr});
    other.sink->whose_as(*sink_);
    other.reader = format.open(options_, *other.sink);
    other.sink->add({Severity::kInformation, options_.file, line,
                     "dumps of another format among those of " + std::string(own_format_->name) + ": a recording of their own", 1});
    now_ = other.reader.get();
    sink_now_ = other.sink.get();
  }
}

void Lane::recognise(bool last) {
  if (const Format* format = last ? recognise_format(head_, false, &tried_) : recognise_window(head_, tried_)) {
    open(*format);
    feed_head();
    return;
  }
  if (last) return;
  // Nothing yet: the last quarter stays, so that what spans the border is seen whole next time.
  const auto kept = std::find_if(head_lines_.begin(), head_lines_.end(), [&](const HeadLine& line) { return line.begin >= head_.size() / 4 * 3; });
  const std::size_t cut = kept == head_lines_.end() ? head_.size() : kept->begin;
  head_.erase(0, cut);
  head_lines_.erase(head_lines_.begin(), kept);
  for (HeadLine& line : head_lines_) line.begin -= cut;
}

void Lane::feed_head() {
  // The first goes to the reader that was decided on; any further one may begin another dump, and be held again.
  const std::string head = std::exchange(head_, {});
  const std::vector<HeadLine> lines = std::exchange(head_lines_, {});
  for (const HeadLine& line : lines) {
    const Line text{std::string_view(head).substr(line.begin, line.size), line.number, line.wall_ns, line.timed, line.mono_ns};
    if (&line == lines.data()) now_->line(text);
    else read(text);
  }
}

void Lane::finish() {
  if (!reader_) recognise(true);
  while (holding_) decide();
  if (reader_) reader_->finish();
  for (const Other& other : others_) other.reader->finish();
  if (sink_->begun() || !sink_->has_samples()) return;
  // A log of metrics without a dump is worth reading: another input may hold the dumps.
  RecordingInfo info;
  info.source = "log";
  info.instance = options_.instance;
  info.file = options_.file;
  sink_->begin(std::move(info));
  sink_->diagnostic({Severity::kInformation, options_.file, 0, "metrics, but no dump", 1});
  sink_->end();
}

void Lane::play() {
  sink_->play();
  for (const Other& other : others_) other.sink->play();
}

bool Lane::has_recordings() const {
  return sink_->begun() || std::any_of(others_.begin(), others_.end(), [](const Other& other) { return other.sink->begun(); });
}

bool Lane::holds_events() const { return sink_->holds_events(); }

const std::string& Lane::damage() const { return sink_->damage(); }

void Lane::diagnose(Diagnostic diagnostic) { sink_->add(std::move(diagnostic)); }

}  // namespace tailback::replay
