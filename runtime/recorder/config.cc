#include "runtime/recorder/config.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace tailback {
namespace {

constexpr std::chrono::nanoseconds kLeastInterval = std::chrono::milliseconds(10);

Error invalid(std::string_view what, std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message), std::string(what)};
}

/// Reads variables one after another; the first that can't be read stays as the error.
class Overrides {
 public:
  explicit Overrides(const Environment& environment) : environment_(environment) {}

  void text(const char* name, std::string& value) {
    if (const char* const found = get(name)) value = found;
  }
  void duration(const char* name, std::chrono::nanoseconds& value) {
    const char* const found = get(name);
    if (found == nullptr) return;
    const Result<std::chrono::nanoseconds> parsed = parse_duration(found);
    if (parsed) value = *parsed;
    else fail(name, parsed.error().message);
  }
  void count(const char* name, std::uint32_t& value) {
    const char* const found = get(name);
    if (found == nullptr) return;
    const std::optional<long> parsed = number(found);
    if (parsed && *parsed >= 0 && *parsed <= 1'000'000) value = static_cast<std::uint32_t>(*parsed);
    else fail(name, "'" + std::string(found) + "' is no number between 0 and 1000000");
  }
  /// "1" is on, "0" and "" are off.
  void flag(const char* name, bool& value) {
    const char* const found = get(name);
    if (found == nullptr) return;
    const std::string_view word = found;
    if (word == "1") value = true;
    else if (word == "0" || word.empty()) value = false;
    else fail(name, "'" + std::string(word) + "' is neither 1 nor 0");
  }
  void signal(const char* name, int& value) {
    const char* const found = get(name);
    if (found == nullptr) return;
    const std::string_view word = found;
    if (word == "auto") value = RecorderOptions::kSignalAuto;
    else if (word == "off") value = RecorderOptions::kSignalOff;
    else if (const std::optional<long> parsed = number(word)) value = static_cast<int>(*parsed);
    else fail(name, "'" + std::string(word) + "' is no signal number, nor 'auto' or 'off'");
  }
  void lock_events(const char* name, LockEvents& value) {
    const char* const found = get(name);
    if (found == nullptr) return;
    const std::string_view word = found;
    if (word == "off") value = LockEvents::kOff;
    else if (word == "last") value = LockEvents::kLast;
    else if (word == "full") value = LockEvents::kFull;
    else fail(name, "'" + std::string(word) + "' is none of off, last, full");
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const char* get(const char* name) { return environment_(name); }
  void fail(const char* name, std::string message) {
    if (!error_) error_ = invalid(name, std::move(message));
  }
  static std::optional<long> number(std::string_view text) {
    long value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{} && end == text.data() + text.size() && std::abs(value) < 1L << 30 ? std::optional(value) : std::nullopt;
  }

  const Environment& environment_;
  std::optional<Error> error_;
};

std::string with_pid(std::string path) {
  for (std::size_t at = path.find("%p"); at != std::string::npos; at = path.find("%p", at)) {
    const std::string pid = std::to_string(::getpid());
    path.replace(at, 2, pid);
    at += pid.size();
  }
  return path;
}

Result<void> check(const RecorderOptions& options) {
  if (options.file.empty()) return invalid("RecorderOptions::file", "no file to record to: set it, or TAILBACK_FILE");
  if (options.interval < kLeastInterval) return invalid("interval", "must be 10 ms at least");
  if (options.cool_down.count() < 0) return invalid("cool_down", "must not be negative");
  const bool own_choice = options.signal == RecorderOptions::kSignalAuto || options.signal == RecorderOptions::kSignalOff;
  if (!own_choice && (options.signal < SIGRTMIN || options.signal > SIGRTMAX)) {
    return invalid("signal", std::to_string(options.signal) + " is not a real-time signal (" + std::to_string(SIGRTMIN) + " … " +
                                 std::to_string(SIGRTMAX) + ")");
  }
  return {};
}

}  // namespace

std::string spool_path(const RecorderOptions& options) { return options.file + ".spool"; }

const char* process_environment(const char* name) { return ::secure_getenv(name); }

Result<RecorderConfig> make_config(RecorderOptions options, const Environment& environment) {
  RecorderConfig config;
  Overrides overrides(environment);
  overrides.flag("TAILBACK_DISABLE", config.disabled);
  if (config.disabled) return config;
  overrides.text("TAILBACK_FILE", options.file);
  overrides.duration("TAILBACK_INTERVAL", options.interval);
  overrides.text("TAILBACK_TRIGGERS", options.triggers);
  overrides.duration("TAILBACK_COOL_DOWN", options.cool_down);
  overrides.count("TAILBACK_DUMPS_PER_BREACH", options.dumps_per_breach);
  overrides.count("TAILBACK_DUMPS_PER_HOUR", options.dumps_per_hour);
  overrides.signal("TAILBACK_SIGNAL", options.signal);
  overrides.flag("TAILBACK_INTERRUPT_CALLS", options.interrupt_calls);
  overrides.lock_events("TAILBACK_LOCK_EVENTS", options.lock_events);
  if (options.instance.empty()) overrides.text("INST_NO", options.instance);
  overrides.text("TAILBACK_INSTANCE", options.instance);
  overrides.text("TAILBACK_METRICS_FILE", options.metrics_file);
  overrides.flag("TAILBACK_QUIET", options.quiet);
  if (overrides.error()) return *overrides.error();
  if (options.instance.empty()) options.instance = "1";
  options.file = with_pid(std::move(options.file));
  if (Result<void> checked = check(options); !checked) return checked.error();

  TriggerProblem problem;
  Result<std::vector<Trigger>> triggers = parse_triggers(options.triggers, &problem);
  if (!triggers) return Error{ErrorCode::kInvalidArgument, triggers.error().message, "triggers '" + options.triggers + "'"};
  config.triggers = *std::move(triggers);
  config.policy.cool_down = options.cool_down;
  config.policy.dumps_per_breach = options.dumps_per_breach;
  config.policy.dumps_per_hour = options.dumps_per_hour;
  // A metric that is late by several intervals is a gap, not a value that stood.
  config.policy.staleness = std::max<std::chrono::nanoseconds>(std::chrono::minutes(5), options.interval * 5);
  config.options = std::move(options);
  return config;
}

}  // namespace tailback
