#include "replay/sources/lane.h"

#include <algorithm>
#include <utility>

namespace tailback::replay {

/// Stands between a reader and the input's sink: adds what the framework knows, and collects where another lane writes.
class Lane::Sink final : public EventSink {
 public:
  Sink(SharedSink& shared, const Lane& lane) : shared_(shared), lane_(lane) {}

  Recording& begin(RecordingInfo info) override {
    if (!lane_.name_.empty() && info.instance == "1" && pid_ == 0) info.instance = lane_.name_;
    if (info.pid == 0) info.pid = pid_;
    if (info.host.empty()) info.host = host_;
    if (shared_.writer == nullptr) shared_.writer = &lane_;
    direct_ = shared_.writer == &lane_;
    begun_ = open_ = true;
    recording_ = direct_ ? &shared_.sink.begin(std::move(info)) : &collector_.begin(std::move(info));
    for (const Pending& sample : std::exchange(pending_, {})) waiting_.push_back(to_sample(sample));
    return *recording_;
  }
  void sample(Sample sample) override { target().sample(std::move(sample)); }
  void dump(Dump dump) override {
    pass_waiting([&](const Sample& sample) { return sample.wall_ns == 0 || dump.wall_ns == 0 || sample.wall_ns <= dump.wall_ns; });
    target().dump(std::move(dump));
  }
  void breach(Breach breach) override { target().breach(std::move(breach)); }
  void lock_event(const LockEvent& event) override { target().lock_event(event); }
  void diagnostic(Diagnostic diagnostic) override { target().diagnostic(std::move(diagnostic)); }
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
  void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  [[nodiscard]] bool begun() const { return begun_; }
  [[nodiscard]] bool has_samples() const { return !pending_.empty(); }

  void play() {
    for (Recording& recording : collector_.take()) {
      Recording& target = shared_.sink.begin(std::move(recording.info));
      target.table = std::move(recording.table);
      target.metrics = std::move(recording.metrics);
      target.modules = std::move(recording.modules);
      target.instrumented_locks = std::move(recording.instrumented_locks);
      for (Sample& sample : recording.samples) shared_.sink.sample(std::move(sample));
      for (Breach& breach : recording.breaches) shared_.sink.breach(std::move(breach));
      for (Dump& dump : recording.dumps) shared_.sink.dump(std::move(dump));
      for (const LockEvent& event : recording.lock_events) shared_.sink.lock_event(event);
      for (Diagnostic& diagnostic : recording.diagnostics) shared_.sink.diagnostic(std::move(diagnostic));
      shared_.sink.end();
    }
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
    for (auto sample = waiting_.begin(); sample != later; ++sample) this->sample(std::move(*sample));
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
  RecordingCollector collector_;
  Recording* recording_ = nullptr;
  bool begun_ = false, open_ = false, direct_ = false;
  std::vector<Pending> pending_;  ///< of lines before the recording
  std::vector<Sample> waiting_;   ///< of lines within and after a dump that is passed on when it is whole
  std::vector<Diagnostic> diagnostics_;
  std::int64_t pid_ = 0;
  std::string host_;
};

Lane::Lane(ReadOptions options, const Format* format, std::string name, MetricLines& metrics, SharedSink& shared)
    : options_(std::move(options)), name_(std::move(name)), metrics_(metrics), sink_(std::make_unique<Sink>(shared, *this)) {
  if (format != nullptr) open(*format);
}

Lane::~Lane() = default;

void Lane::open(const Format& format) { reader_ = format.open(options_, *sink_); }

void Lane::line(const LogLine& line, std::uint64_t number) {
  const bool timed = line.wall_ns != 0;
  if (timed) wall_ns_ = line.wall_ns;
  if (line.mono_ns != 0) mono_ns_ = line.mono_ns;
  if (line.pid != 0 || !line.host.empty()) sink_->whose(line.pid, line.host);
  if (const auto& readings = metrics_.read(line.text); !readings.empty()) sink_->readings(readings, wall_ns_);
  if (reader_) return reader_->line({line.text, number, wall_ns_, timed, mono_ns_});
  head_lines_.push_back({head_.size(), line.text.size(), number, wall_ns_, timed, mono_ns_});
  head_.append(line.text).push_back('\n');
  if (head_.size() >= kHeadBytes) recognise(false);
}

void Lane::recognise(bool last) {
  if (const Format* format = recognise_format(head_, false, refusal_)) {
    refusal_.clear();
    open(*format);
    feed_head();
    return;
  }
  if (last) return;
  // Nothing yet: the first half goes, the second stays, so that what spans the border is seen whole next time.
  const auto half = std::find_if(head_lines_.begin(), head_lines_.end(), [&](const HeadLine& line) { return line.begin >= head_.size() / 2; });
  const std::size_t cut = half == head_lines_.end() ? head_.size() : half->begin;
  head_.erase(0, cut);
  head_lines_.erase(head_lines_.begin(), half);
  for (HeadLine& line : head_lines_) line.begin -= cut;
}

void Lane::feed_head() {
  const std::string_view head = head_;
  for (const HeadLine& line : head_lines_) reader_->line({head.substr(line.begin, line.size), line.number, line.wall_ns, line.timed, line.mono_ns});
  head_ = std::string();
  head_lines_ = {};
}

void Lane::finish() {
  if (!reader_) recognise(true);
  if (reader_) {
    reader_->finish();
    if (!sink_->begun()) refusal_ = "";
  }
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

void Lane::play() { sink_->play(); }
bool Lane::has_recordings() const { return sink_->begun(); }
void Lane::diagnose(Diagnostic diagnostic) { sink_->add(std::move(diagnostic)); }

const Format* recognise_format(std::string_view head, bool binary, std::string& refusal) {
  const Format* best = nullptr;
  int score = 0;
  refusal.clear();
  for (const Format& format : formats()) {
    if ((format.read_bytes != nullptr) != binary) continue;
    Recognition recognition = format.recognise(head);
    if (recognition.score > score) {
      best = &format;
      score = recognition.score;
    }
    if (recognition.score == 0) refusal.append(refusal.empty() ? "" : "; ").append(format.name).append(": ").append(recognition.reason);
  }
  return best;
}

}  // namespace tailback::replay
