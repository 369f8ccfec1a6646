// Records this process: samples its metrics, and when a trigger is breached captures the stacks of all threads into an incident file.
//
//   #include <tailback/recorder.h>
//   int main() {
//     const tailback::Recorder recorder = tailback::record({.file = "/var/lib/shop/shop.tailback"});
//     serve();
//   }
//
// Afterwards: `tailback analyze /var/lib/shop/shop.tailback`.
//
// What it promises the service that it runs in: it never throws, aborts, exits or blocks the caller beyond what a function says; its threads
// (named tailback…) have all signals blocked; a full disk, a read-only folder or a stuck allocator cost it data, which it
// counts and reports once, and never cost the service anything. It holds one real-time signal, chosen free at start.
//
// States: active (record() or start() succeeded) ──stop(), destruction──▶ stopped. Inert from the beginning when TAILBACK_DISABLE is set, or
// record() could not start. In a child after fork() it is inert; the child may start one of its own.
//
// Environment, over the options in code; not read in set-user-id programs (secure_getenv):
//   TAILBACK_DISABLE=1         record nothing, install nothing
//   TAILBACK_FILE              where to; `%p` stands for the process id
//   TAILBACK_INTERVAL          between samples: "100ms", "1s"
//   TAILBACK_TRIGGERS          "threads > 1000; heap_in_use > 1GiB for 30s; rss > 80% of limit; deadlock"; "" is none
//   TAILBACK_COOL_DOWN         between two dumps of a breach that does not grow: "60s"
//   TAILBACK_DUMPS_PER_BREACH  and
//   TAILBACK_DUMPS_PER_HOUR    budgets
//   TAILBACK_SIGNAL            its number; "auto" (the default) or "off"
//   TAILBACK_INTERRUPT_CALLS   "1": signal also threads whose call would return EINTR for it
//   TAILBACK_LOCK_EVENTS       "off", "last" or "full": what instrumented locks (tailback/mutex.h, …) have been asked for and granted
//   TAILBACK_INSTANCE          name of this instance, else INST_NO, else "1"
//   TAILBACK_METRICS_FILE      a Prometheus text page, written anew with every sample (node_exporter's textfile collector reads such)
//   TAILBACK_QUIET=1           no lines on standard error
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <tailback/result.h>

namespace tailback {

/// What a breach was, for the service's own alarms.
struct BreachReport {
  std::int64_t breach_id = 0;
  std::string trigger;       ///< as written
  std::string metric;
  double value = 0, threshold = 0;
  std::int64_t dump_id = 0;  ///< 0: no dump was taken; `headline` says why
  std::uint64_t threads = 0; ///< of the dump
  /// "1,204 threads, 1,140 of them waiting for the write lock of HashSet.mu in HashSet::AddOne; incident in shop.tailback"
  std::string headline;
};

/// A dump that is committed.
struct DumpReport {
  std::int64_t dump_id = 0;
  std::uint64_t threads = 0;
  std::uint64_t threads_without_stack = 0;
  std::string headline;
};

/// Events of instrumented locks in the recording; `tailback replay` explains and predicts from them.
enum class LockEvents : std::uint8_t {
  kOff,
  kLast,  ///< the newest 4096 of each thread, stored with every dump
  kFull,  ///< all of them
};

struct RecorderOptions {
  std::string file;                                 ///< required here or in TAILBACK_FILE; its folder must exist
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  /// Separated by `;` or line ends. The language: runtime/trigger/README.md.
  std::string triggers = "threads > 1000; heap_in_use > 1GiB; rss > 80% of limit; deadlock";
  std::chrono::nanoseconds cool_down = std::chrono::seconds(60);
  std::uint32_t dumps_per_breach = 10;
  std::uint32_t dumps_per_hour = 30;
  static constexpr int kSignalAuto = 0, kSignalOff = -1;
  int signal = kSignalAuto;                         ///< for threads that can't be read from outside; a taken one is refused
  bool interrupt_calls = false;
  LockEvents lock_events = LockEvents::kOff;
  std::string instance;                             ///< empty: INST_NO, else "1"
  std::string version;                              ///< of the service, for the file
  std::string metrics_file;                         ///< empty: none
  bool process_metrics = true;                      ///< `process_…` on the metrics page; off where the service exports them itself
  std::uint64_t keep_samples = 604800;              ///< the oldest go first; 0: all
  bool quiet = false;

  /// Called on the recorder's writing thread after the first dump of a breach is committed (or when there was none to be had). May
  /// take its time; what it throws is swallowed and counted.
  std::function<void(const BreachReport&)> on_breach;
  /// The same after every dump, whatever it was taken for.
  std::function<void(const DumpReport&)> on_dump;
  /// Where the recorder's lines go, one at a time, without a line end; standard error when empty.
  std::function<void(std::string_view line)> log;
};

/// A metric of the service's own: part of every sample, of triggers (`queue_depth > 500`) and of the metrics page.
/// Thread safety: all of it. Cost: one store. Valid for ever, also after the recorder has stopped.
class Gauge {
 public:
  Gauge() = default;  ///< inert
  void set(double value) const noexcept {
    if (cell_ != nullptr) cell_->store(value, std::memory_order_relaxed);
  }
  /// An unset gauge counts as 0.
  void add(double value) const noexcept;
  [[nodiscard]] bool active() const noexcept { return cell_ != nullptr; }

 private:
  friend Gauge gauge(std::string_view, std::string_view);
  friend Gauge counter(std::string_view, std::string_view);
  explicit Gauge(std::atomic<double>* cell) : cell_(cell) {}
  std::atomic<double>* cell_ = nullptr;
};

/// The process's gauge of that name; the same one for the same name. Samples have it once it has been set.
/// `unit`: "count", "bytes", "seconds" or "ratio".
/// Inert when the name is no word a trigger could use ([A-Za-z_][A-Za-z0-9_.:]*), is measured already, or 256 exist.
[[nodiscard]] Gauge gauge(std::string_view name, std::string_view unit = "count");
/// The same for what only ever grows.
[[nodiscard]] Gauge counter(std::string_view name, std::string_view unit = "count");

/// The running recorder. Movable; destruction is stop().
/// Thread safety: dump_now, metrics_page, active and file from any thread; the rest by its owner.
class Recorder {
 public:
  static constexpr std::chrono::milliseconds kStopTimeout{2000};
  static constexpr std::chrono::milliseconds kDumpTimeout{10000};

  /// Starts recording. One recorder a process at a time.
  /// Errors: kInvalidArgument an option or variable that can't be, with its name, or a file that is something else; kUnsupported the
  /// platform; kResourceExhausted no thread to be had, or a recorder runs already. A folder that can't be written *now* is none:
  /// the recorder runs, says so once, and tries again.
  [[nodiscard]] static Result<Recorder> start(RecorderOptions options);

  Recorder() = default;  ///< inert
  ~Recorder();
  Recorder(Recorder&&) noexcept;
  Recorder& operator=(Recorder&&) noexcept;

  /// Takes the last sample, ends the recording, and makes the file whole in itself.
  /// Blocks: at most `timeout`; then the threads are left to end by themselves, and the file is readable as it is.
  Result<void> stop(std::chrono::milliseconds timeout = kStopTimeout);

  /// Dumps all threads now, whatever the triggers say. Requests at the same time are served one after another.
  /// Blocks: until the dump is committed, at most `timeout`; it is still taken when that has passed.
  Result<DumpReport> dump_now(std::string_view reason, std::chrono::milliseconds timeout = kDumpTimeout);

  /// The metrics of the last sample as a Prometheus text page.
  [[nodiscard]] std::string metrics_page() const;

  /// False when inert, stopped, or in a child after fork().
  [[nodiscard]] bool active() const noexcept;
  /// Where it records to, `%p` replaced; empty when inert.
  [[nodiscard]] std::string file() const;

 private:
  struct State;
  explicit Recorder(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

/// Recorder::start for services that can't do anything about an error: says why on standard error (or to `log`) and returns an
/// inert recorder.
[[nodiscard]] Recorder record(RecorderOptions options);

}  // namespace tailback
