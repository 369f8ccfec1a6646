#include "runtime/recorder/scribe.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "runtime/locks/annotate.h"
#include "runtime/locks/deadlock.h"
#include "runtime/locks/snapshot_pool.h"
#include "runtime/metrics/metric_names.h"
#include "runtime/metrics/prometheus.h"
#include "runtime/recorder/dump_request.h"
#include "runtime/recorder/headline.h"
#include "runtime/recorder/process_info.h"

namespace tailback {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kFlushEvery{10};
constexpr std::chrono::seconds kOpenAgainAfter{10};
constexpr std::chrono::seconds kPageFileEvery{1};
constexpr std::chrono::milliseconds kEventsEvery{100};
constexpr std::chrono::milliseconds kPatience{1000};  // for the next event, between two looks at the housekeeping

/// Errors that the operator can mend while the service runs, unlike a path that names something else.
bool may_pass(const Error& error) {
  return error.code == ErrorCode::kIo || error.code == ErrorCode::kPermission || error.code == ErrorCode::kResourceExhausted ||
         error.code == ErrorCode::kNotFound;
}

std::string number_words(double value) {
  if (value >= 0 && value < 1e15 && value == static_cast<double>(static_cast<std::uint64_t>(value))) {
    return with_thousands(static_cast<std::uint64_t>(value));
  }
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

}  // namespace

Scribe::Scribe(const RecorderConfig& config, const Sampler& sampler, Capturer* capturer, EventQueue& queue, locks::SnapshotPool& snapshots,
               Tallies& tallies, const Voice& voice)
    : config_(config), sampler_(sampler), capturer_(capturer), queue_(queue), snapshots_(snapshots), tallies_(tallies), voice_(voice),
      info_(process_info(config.options)), lock_events_(config.options.lock_events), incidents_(config.triggers.size()) {}

Scribe::~Scribe() = default;

Result<void> Scribe::open() {
  WriterOptions options;
  options.keep_samples = config_.options.keep_samples;
  Result<std::unique_ptr<IncidentWriter>> writer = IncidentWriter::open(config_.options.file, options);
  next_open_ = Steady::now() + kOpenAgainAfter;
  if (writer) {
    writer_ = std::move(writer.value());
    nowhere_.reset();
    take_leftovers();
  } else if (!may_pass(writer.error())) {
    return writer.error();
  } else if (!loss_told_) {
    loss_told_ = true;
    voice_.say("cannot record now, goes on without: " + writer.error().to_string());
  }
  if (recording_ == nullptr) lock_events_.start();
  begin_recording();
  return {};
}

EventSink& Scribe::sink() {
  if (writer_) return *writer_;
  if (!nowhere_) nowhere_ = std::make_unique<RecordingCollector>();
  return *nowhere_;
}

void Scribe::begin_recording() {
  lock_events_.begin_recording();
  recording_ = &sink().begin(info_);
  sampler_.append_new_metrics(recording_->metrics);
  if (!writer_) return;
  if (!sampler_.allocator().empty()) {
    writer_->diagnostic({Severity::kInformation, "", 0, "the allocator is " + std::string(sampler_.allocator()), 1});
  }
  if (capturer_ != nullptr) {
    for (std::string& limit : capturer_->limits()) writer_->diagnostic({Severity::kInformation, "", 0, "capture: " + std::move(limit), 1});
  }
  for (const auto& [id, breach] : breaches_) writer_->breach(breach);  // opened while there was no file
}

void Scribe::take_leftovers() {
  if (capturer_ == nullptr) return;
  if (const std::size_t found = capturer_->take_leftovers(*writer_)) {
    voice_.say("stored " + std::to_string(found) + (found == 1 ? " dump" : " dumps") + " that an earlier process had left in the spool of " + config_.options.file);
  }
}

void Scribe::run() {
  next_flush_ = Steady::now() + kFlushEvery;
  for (bool stopping = false; !stopping;) {
    if (RecorderEvent* const event = queue_.front(lock_events_.all_the_time() ? kEventsEvery : kPatience)) {
      stopping = event->kind == RecorderEvent::Kind::kStop;
      try {
        handle(*event);
      } catch (...) {
        // Out of memory, most likely. The event is lost, the recorder is not.
        ++tallies_.internal_errors;
        if (event->request) event->request->reply(Error{ErrorCode::kResourceExhausted, "the dump could not be stored", ""});
      }
      snapshots_.give_back(std::exchange(event->locks, nullptr));
      queue_.done();
    }
    try {
      stopping ? end() : housekeep();
    } catch (...) {
      ++tallies_.internal_errors;
    }
  }
}

void Scribe::handle(RecorderEvent& event) {
  switch (event.kind) {
    case RecorderEvent::Kind::kSample:
      return store_sample(event);
    case RecorderEvent::Kind::kOpened:
      return open_breach(event);
    case RecorderEvent::Kind::kClosed:
      return close_breach(event);
    case RecorderEvent::Kind::kDump:
      return store_dump(event);
    case RecorderEvent::Kind::kStop:
      return;
  }
}

void Scribe::store_sample(RecorderEvent& event) {
  sampler_.append_new_metrics(recording_->metrics);
  {
    const std::lock_guard guard(page_mutex_);
    sampler_.append_new_metrics(page_metrics_);
    last_sample_ = event.sample;
  }
  if (const MetricId id = recording_->find_metric("allocator_lock_held"); id && !allocator_told_) {
    if (event.sample.value(id).value_or(0) > 0) {
      allocator_told_ = true;
      sink().diagnostic({Severity::kInformation, "", 0, "allocator lock held: the allocator's statistics did not come back within their deadline", 1});
    }
  }
  if (writer_) writer_->sample(event.sample);
  else ++lost_without_file_;
  note_losses();
  write_page();
}

void Scribe::open_breach(const RecorderEvent& event) {
  const Trigger& trigger = config_.triggers[event.decision.trigger];
  Breach breach;
  breach.id = event.decision.breach_id;
  breach.trigger = trigger.text;
  breach.metric = trigger.metric;
  breach.value = event.decision.value;
  breach.threshold = event.decision.threshold;
  breach.opened_wall_ns = event.wall_ns;
  breaches_[breach.id] = breach;
  if (writer_) writer_->breach(breach);
  {
    const std::lock_guard guard(page_mutex_);
    ++incidents_[event.decision.trigger];
    last_incident_seconds_ = static_cast<double>(event.wall_ns) * 1e-9;
  }
  if (event.decision.dumps) untold_.push_back(std::move(breach));
  else tell(breach, 0, 0, "no dump: " + std::string(to_string(event.decision.no_dump)));
}

void Scribe::close_breach(const RecorderEvent& event) {
  const auto found = breaches_.find(event.decision.breach_id);
  if (found == breaches_.end()) return;
  found->second.closed_wall_ns = event.wall_ns;
  if (writer_) writer_->breach(found->second);
  breaches_.erase(found);
}

void Scribe::store_dump(RecorderEvent& event) {
  std::vector<Breach> telling;
  if (event.by_trigger) telling.swap(untold_);
  if (!event.raw.ok()) return refuse_dump(event, telling);
  bool stored = false;
  const bool rings = std::any_of(telling.begin(), telling.end(), [](const Breach& breach) { return breach.metric == "deadlock"; });
  const DumpReport report = resolve_and_store(event, rings ? ringing_locks() : std::vector<std::uint64_t>{}, stored);
  for (const Breach& breach : telling) tell(breach, report.dump_id, report.threads, report.headline);
  note_losses();
  if (!stored) {
    if (event.request) event.request->reply(Error{ErrorCode::kIo, "the dump was captured and could not be stored", config_.options.file});
    return;
  }
  store_lock_events();
  (void)writer_->flush();
  if (config_.options.on_dump) guarded([&] { config_.options.on_dump(report); });
  if (event.request) event.request->reply(report);
}

std::vector<std::uint64_t> Scribe::ringing_locks() {
  std::vector<std::uint64_t> locks;
  locks::DeadlockReport report;
  if (locks::last_deadlock(report)) {
    for (std::uint32_t i = 0; i < report.named; ++i) locks.push_back(report.members[i].waits_for);
  }
  return locks;
}

void Scribe::refuse_dump(RecorderEvent& event, const std::vector<Breach>& telling) {
  ++tallies_.dumps_failed;
  const std::string why = "no dump: " + std::string(capturer_ == nullptr ? "capture is not possible here" : to_string(event.raw.failure));
  sink().diagnostic({Severity::kDataLoss, "", 0, why, 1});
  for (const Breach& breach : telling) tell(breach, 0, 0, why);
  if (event.request) event.request->reply(Error{ErrorCode::kResourceExhausted, why, event.request->reason});
}

DumpReport Scribe::resolve_and_store(RecorderEvent& event, std::span<const std::uint64_t> ringing, bool& stored) {
  Dump dump = capturer_->resolve(event.raw, *recording_);
  if (event.locks != nullptr) locks::annotate(dump, *recording_, *event.locks, place_names());
  if (event.locks_lost) {
    dump.statements.push_back(recording_->table.intern(
        "what the instrumented locks and the tasks' labels told at this dump was lost: earlier dumps still waited to be stored"));
  }
  dump.id = ++dump_id_;
  DumpReport report{dump.id, dump.thread_count(), event.raw.stats.missing, headline(dump, recording_->table, ringing)};
  const std::uint64_t lost_before = writer_ ? writer_->losses().dumps : 0;
  stored = writer_ != nullptr && (writer_->dump(std::move(dump)), writer_->losses().dumps == lost_before);
  // What is not stored stays in the spool.
  if (stored) capturer_->release(event.raw);
  else ++tallies_.dumps_not_stored;
  report.headline += stored ? "; incident in " + config_.options.file : "; not stored, " + config_.options.file + " cannot be written";
  ++tallies_.dumps;
  tallies_.threads_missed += event.raw.stats.missing;
  for (std::size_t i = 0; i < tallies_.absences.size(); ++i) tallies_.absences[i] += event.raw.stats.by_absence[i];
  const std::lock_guard guard(page_mutex_);
  last_capture_seconds_ = std::chrono::duration<double>(event.raw.stats.total).count();
  return report;
}

locks::PlaceNames Scribe::place_names() {
  if (capturer_ == nullptr) return {};
  return [this](std::uint64_t address) { return capturer_->name(address, recording_->table); };
}

void Scribe::store_lock_events() {
  if (writer_) lock_events_.store(*writer_, *recording_, place_names());
}

void Scribe::tell(const Breach& breach, std::int64_t dump_id, std::uint64_t threads, const std::string& what) {
  voice_.say("breach of '" + breach.trigger + "' at " + number_words(breach.value) + ": " + what);
  if (!config_.options.on_breach) return;
  const BreachReport report{breach.id, breach.trigger, breach.metric, breach.value, breach.threshold, dump_id, threads, what};
  guarded([&] { config_.options.on_breach(report); });
}

/// Calls into the service.
void Scribe::guarded(const std::function<void()>& call) {
  try {
    call();
  } catch (...) {
    ++tallies_.callbacks_thrown;
  }
}

void Scribe::housekeep() {
  const auto now = Steady::now();
  if (lock_events_.all_the_time() && now >= next_events_) {
    next_events_ = now + kEventsEvery;
    store_lock_events();
  }
  if (!writer_ && now >= next_open_) {
    (void)open();
    if (writer_) voice_.say("records into " + config_.options.file + " from now on");
  }
  if (now < next_flush_) return;
  next_flush_ = now + kFlushEvery;
  write_counters();
  if (writer_) (void)writer_->flush();
  note_losses();
}

/// Says once that something is lost; how much is in the counters.
void Scribe::note_losses() {
  if (!writer_ || loss_told_ || writer_->losses().total() == 0) return;
  loss_told_ = true;
  const std::optional<Error>& error = writer_->losses().first_error;
  voice_.say("cannot write all that is recorded, goes on: " + (error ? error->to_string() : config_.options.file));
}

void Scribe::write_counters() {
  if (!writer_) return;
  recording_->counters = tallies_.named();
  const WriterLosses& losses = writer_->losses();
  recording_->counters.emplace_back("lost.samples", losses.samples + lost_without_file_);
  recording_->counters.emplace_back("lost.dumps", losses.dumps);
  if (lock_events_.on()) recording_->counters.emplace_back("lost.lock_events", losses.lock_events + lock_events_.lost());
  recording_->counters.emplace_back("lost.others", losses.breaches + losses.others);
}

void Scribe::write_page() {
  if (config_.options.metrics_file.empty()) return;
  const auto now = Steady::now();
  if (now < next_page_file_) return;
  next_page_file_ = now + kPageFileEvery;
  // Renamed into place, so that a scrape never sees half a page.
  const std::string partial = config_.options.metrics_file + ".partial";
  std::ofstream file(partial, std::ios::trunc);
  file << page();
  file.close();
  if (file) (void)std::rename(partial.c_str(), config_.options.metrics_file.c_str());
}

std::string Scribe::page() const {
  PageTotals totals;
  totals.version = kTailbackVersion;
  totals.allocator = std::string(sampler_.allocator());
  totals.not_dumped = tallies_.no_dump_by_reason();
  totals.dumps = tallies_.dumps;
  totals.threads_missed = tallies_.threads_missed;
  totals.samples_lost = tallies_.samples_dropped;
  const std::lock_guard guard(page_mutex_);
  for (std::size_t i = 0; i < incidents_.size(); ++i) totals.incidents.emplace_back(config_.triggers[i].text, incidents_[i]);
  totals.last_capture_seconds = last_capture_seconds_;
  totals.last_incident_seconds = last_incident_seconds_;
  return prometheus_page(page_metrics_, last_sample_, totals, {config_.options.instance, config_.options.process_metrics});
}

void Scribe::end() {
  lock_events_.stop();
  store_lock_events();
  write_counters();
  if (!writer_) {
    result_ = Error{ErrorCode::kIo, "could not be written", config_.options.file};
    return;
  }
  recording_->info.ended_wall_ns = system_clock().wall_ns();
  writer_->end();
  result_ = writer_->finish();
  const WriterLosses& losses = writer_->losses();
  // The spool goes with the recording, unless it still holds a dump for the next start to take in.
  const bool spool_is_empty = tallies_.dumps_not_stored == 0 && tallies_.events_dropped == 0 && tallies_.internal_errors == 0;
  if (capturer_ != nullptr && spool_is_empty) ::unlink(spool_path(config_.options).c_str());
  if (result_ && losses.total() > 0) {
    result_ = Error{ErrorCode::kIo, std::to_string(losses.total()) + " events could not be written" +
                                        (losses.first_error ? ": " + losses.first_error->message : ""), config_.options.file};
  }
}

Result<void> Scribe::result() const { return result_; }

}  // namespace tailback
