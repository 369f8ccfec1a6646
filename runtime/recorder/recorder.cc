#include <tailback/recorder.h>

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "runtime/metrics/helper_thread.h"
#include "runtime/recorder/config.h"
#include "runtime/recorder/lock_group.h"
#include "runtime/recorder/observer.h"
#include "runtime/recorder/process_gauges.h"
#include "runtime/recorder/scribe.h"
#include "runtime/recorder/voice.h"

namespace tailback {
namespace {

// The process that has a recorder, or 0. A child after fork() is another process, so what it inherits here does not stop it.
std::atomic<pid_t> recording_process{0};

/// Claims the process for one recorder; given back when destroyed, unless a thread was left behind that still records.
class ProcessClaim {
 public:
  static std::optional<ProcessClaim> take() {
    const pid_t self = ::getpid();
    pid_t before = recording_process.load();
    do {
      if (before == self) return std::nullopt;
    } while (!recording_process.compare_exchange_weak(before, self));
    return ProcessClaim();
  }
  ProcessClaim(ProcessClaim&& other) noexcept : held_(std::exchange(other.held_, false)) {}
  ProcessClaim& operator=(ProcessClaim&&) = delete;
  ~ProcessClaim() {
    if (held_) recording_process.store(0);
  }

 private:
  ProcessClaim() = default;
  bool held_ = true;
};

Result<std::unique_ptr<Capturer>> make_capturer(const RecorderOptions& options) {
  CaptureOptions capture;
  capture.spool_path = spool_path(options);
  capture.signals = options.signal != RecorderOptions::kSignalOff;
  capture.signal = capture.signals ? options.signal : 0;
  capture.interrupt_calls = options.interrupt_calls;
  Result<std::unique_ptr<Capturer>> capturer = Capturer::create(capture);
  const bool spool_is_to_blame = !capturer && (capturer.error().code == ErrorCode::kIo || capturer.error().code == ErrorCode::kPermission ||
                                               capturer.error().code == ErrorCode::kNotFound || capturer.error().code == ErrorCode::kResourceExhausted);
  if (!spool_is_to_blame) return capturer;
  // A folder that can't be written: dumps are then held in memory until they are stored.
  capture.spool_path.clear();
  return Capturer::create(capture);
}

// The preloaded library has a copy of the runtime of its own, which ProcessClaim does not see.
bool recorded_by_preload() {
  const char* owner = process_environment(kPreloadedVariable);
  return owner != nullptr && owner == std::to_string(::getpid());
}

SamplerOptions sampler_options() {
  SamplerOptions options;
  options.more_groups.push_back(make_lock_group());
  return options;
}

}  // namespace

// Kept alive by the handle and by each thread: what hangs keeps what it uses.
struct Recorder::State {
  State(RecorderConfig config_, ProcessClaim claim_, std::unique_ptr<Capturer> capturer_)
      : claim(std::move(claim_)), config(std::move(config_)), voice(config.options), capturer(std::move(capturer_)),
        sampler(sampler_options(), process_gauges()), queue(Sampler::most_values()),
        observer(sampler, TriggerEngine(config.triggers, config.policy), capturer.get(), queue, tallies, config.options.interval),
        scribe(config, sampler, capturer.get(), queue, observer.snapshots(), tallies, voice) {}

  std::optional<ProcessClaim> claim;  // until nothing is recorded any more
  const pid_t process = ::getpid();
  const RecorderConfig config;
  const Voice voice;
  const std::unique_ptr<Capturer> capturer;
  Tallies tallies;
  Sampler sampler;
  EventQueue queue;
  Observer observer;
  Scribe scribe;
  std::atomic<bool> stopped{false};

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  bool written = false;

  [[nodiscard]] bool here() const noexcept { return ::getpid() == process; }

  void write() {
    scribe.run();
    {
      const std::lock_guard guard(mutex);
      claim.reset();
      written = true;
    }
    changed.notify_all();
  }
};

Recorder::Recorder(std::shared_ptr<State> state) : state_(std::move(state)) {}
Recorder::Recorder(Recorder&&) noexcept = default;

Recorder& Recorder::operator=(Recorder&& other) noexcept {
  if (this != &other) {
    (void)stop();
    state_ = std::move(other.state_);
  }
  return *this;
}

Recorder::~Recorder() { (void)stop(); }

Result<Recorder> Recorder::start(RecorderOptions options) try {
  Result<RecorderConfig> config = make_config(std::move(options), process_environment);
  if (!config) return config.error();
  if (config->disabled) return Recorder();
  if (recorded_by_preload()) {
    return Error{ErrorCode::kResourceExhausted, "libtailback_preload.so records this process already", config->options.file};
  }
  std::optional<ProcessClaim> claim = ProcessClaim::take();
  if (!claim) return Error{ErrorCode::kResourceExhausted, "this process has a recorder already", config->options.file};
  Result<std::unique_ptr<Capturer>> capturer = make_capturer(config->options);
  if (!capturer) return capturer.error();

  auto state = std::make_shared<State>(*std::move(config), std::move(*claim), std::move(capturer.value()));
  if (Result<void> opened = state->scribe.open(); !opened) return opened.error();
  if (!start_detached_thread("tailback-write", [state] { state->write(); })) {
    return Error{ErrorCode::kResourceExhausted, "no thread could be started", state->config.options.file};
  }
  if (!start_detached_thread("tailback", [state] { state->observer.run(); })) {
    state->queue.push(false, [](RecorderEvent& event) { event.kind = RecorderEvent::Kind::kStop; });
    return Error{ErrorCode::kResourceExhausted, "no thread could be started", state->config.options.file};
  }
  poke_on_deadlock(&state->observer);
  return Recorder(std::move(state));
} catch (const std::exception& failure) {
  return Error{ErrorCode::kInternal, failure.what(), "starting the recorder"};
}

Result<void> Recorder::stop(std::chrono::milliseconds timeout) try {
  const std::shared_ptr<State> state = std::move(state_);
  state_.reset();
  if (!state) return {};
  if (!state->here()) {
    // In a child the threads do not exist, and closing the inherited database would touch the parent's file: all of it is left as it is.
    new std::shared_ptr<State>(state);
    return {};
  }
  state->stopped.store(true);
  poke_on_deadlock(nullptr);
  state->observer.stop();
  std::unique_lock lock(state->mutex);
  if (!state->changed.wait_for(lock, timeout, [&] { return state->written; })) {
    return Error{ErrorCode::kResourceExhausted, "the recorder did not end within " + std::to_string(timeout.count()) + " ms; the file is readable as it is",
                 state->config.options.file};
  }
  return state->scribe.result();
} catch (...) {
  return Error{};  // no memory for the words
}

Result<DumpReport> Recorder::dump_now(std::string_view reason, std::chrono::milliseconds timeout) try {
  if (!active()) return Error{ErrorCode::kUnsupported, "the recorder is not active", std::string(reason)};
  auto request = std::make_shared<DumpRequest>(std::string(reason));
  if (!state_->observer.request(request)) return Error{ErrorCode::kResourceExhausted, "too many dumps are waiting", std::string(reason)};
  return request->wait(timeout);
} catch (const std::exception& failure) {
  return Error{ErrorCode::kInternal, failure.what(), "dump_now"};
}

std::string Recorder::metrics_page() const try {
  return active() ? state_->scribe.page() : std::string();
} catch (const std::exception&) {
  return {};
}

bool Recorder::active() const noexcept { return state_ != nullptr && state_->here() && !state_->stopped.load(); }

std::string Recorder::file() const { return state_ != nullptr ? state_->config.options.file : std::string(); }

Recorder record(RecorderOptions options) try {
  const Voice voice(options);
  Result<Recorder> recorder = Recorder::start(std::move(options));
  if (recorder) return std::move(recorder.value());
  voice.say("records nothing: " + recorder.error().to_string());
  return {};
} catch (const std::exception&) {
  return {};
}

}  // namespace tailback
