#include "runtime/capture/capturer.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>
#include <unwind.h>

#include "runtime/capture/capture_turn.h"
#include "runtime/capture/collector.h"
#include "runtime/capture/guard_scan.h"
#include "runtime/capture/resolver.h"
#include "runtime/symbols/module_list.h"
#include "runtime/symbols/symbolizer.h"

namespace tailback {
namespace {

using Clock = std::chrono::steady_clock;

// LLVM's and nongnu's libunwind export the same function; theirs takes the loader's lock in a handler.
Result<void> check_unwinder() {
  Dl_info where{};
  if (::dladdr(reinterpret_cast<void*>(&::_Unwind_Backtrace), &where) == 0 || where.dli_fname == nullptr) return {};
  const std::string_view path(where.dli_fname);
  if (path.find("libunwind") != std::string_view::npos) {
    return Error{ErrorCode::kUnsupported, "_Unwind_Backtrace is not libgcc's but " + std::string(path) + "'s, which is not safe in a signal handler: link it after libgcc_s",
                 "capture"};
  }
  return {};
}

}  // namespace

struct Capturer::State {
  CaptureOptions options;
  pid_t owner = ::getpid();
  int signal = 0;
  SelfMemory memory;
  TaskDirectory tasks;
  Spool spool;
  Symbolizer symbolizer;
  std::vector<Module> modules;
  std::unique_ptr<Unwinder> unwinder;
  std::unique_ptr<DumpWriter> writer;
  std::unique_ptr<Collector> collector;
  std::vector<unsigned char> leftovers;   ///< an earlier process' spool, until take_leftovers()
  std::uint64_t next = kSpoolDumpsAt;     ///< where the next record goes; a capture's own
  std::atomic<std::uint32_t> unreleased{0};
  bool outside_closed = false;            ///< /proc told us so at the start

  Result<void> open();
  void warm();
  void keep_leftovers();
};

Result<void> Capturer::State::open() {
  if (!tasks.open()) return Error{ErrorCode::kUnsupported, "/proc/self/task can't be read: threads can't be listed", "capture"};
  if (auto checked = check_unwinder(); !checked.ok()) return checked;
  if (options.signals) {
    auto installed = install_capture_signal(options.signal);
    if (!installed.ok()) return installed.error();
    signal = installed.value();
  }
  if (auto opened = spool.open(options.spool_path, options.spool_bytes, options.spool_limit_bytes); !opened.ok()) return opened;
  keep_leftovers();
  spool.reset();
  return {};
}

void Capturer::State::keep_leftovers() {
  SpoolHeader header;
  std::vector<Module> ignored;
  const auto bytes = spool.contents();
  if (!parse_spool(bytes, header, ignored)) return;
  if (!dumps_in(bytes).empty()) leftovers.assign(bytes.begin(), bytes.end());
}

void Capturer::State::warm() {
  modules = list_modules();
  spool.store_modules(modules);
  symbolizer.update(modules);
  symbolizer.warm_up();
  outside_closed = !arch::kOutsideReading || !memory.usable() ||
                   CallFile(tasks.fd(), ::gettid()).read().reading == CallReading::kClosed;
  std::array<const void*, 32> frames;
  static_cast<void>(own_stack(frames.data(), frames.size()));
  unwinder = std::make_unique<Unwinder>(memory);
  writer = std::make_unique<DumpWriter>(spool, memory);
  collector = std::make_unique<Collector>(options, signal, tasks, memory, *unwinder, *writer);
}

Result<std::unique_ptr<Capturer>> Capturer::create(CaptureOptions options) {
  auto state = std::make_unique<State>();
  options.max_frames = std::clamp<std::uint16_t>(options.max_frames, 8, 4096);
  state->options = std::move(options);
  if (auto opened = state->open(); !opened.ok()) return opened.error();
  state->warm();
  return std::unique_ptr<Capturer>(new Capturer(std::move(state)));
}

Capturer::Capturer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Capturer::~Capturer() = default;

RawDump Capturer::capture(std::string_view reason, std::int64_t breach_id) noexcept {
  RawDump raw;
  State& state = *state_;
  if (::getpid() != state.owner) return raw.failure = CaptureFailure::kForked, raw;
  const CaptureTurn turn = CaptureTurn::for_capture();
  if (!turn.taken()) return raw.failure = CaptureFailure::kBusy, raw;
  const auto begin = Clock::now();
  if (state.unreleased.load() == 0) state.next = kSpoolDumpsAt;
  raw.offset = state.next;
  if (!state.writer->begin(raw.offset, reason, breach_id)) return raw.failure = CaptureFailure::kSpoolFull, raw;
  if (!state.collector->run(raw.stats)) return raw.failure = CaptureFailure::kNoListing, raw;
  raw.stats.total = Clock::now() - begin;
  raw.stats.spool_bytes = state.writer->finish(raw.stats.total.count());
  state.next = raw.offset + raw.stats.spool_bytes;
  state.unreleased.fetch_add(1);
  return raw;
}

void Capturer::release(const RawDump& raw) noexcept {
  State& state = *state_;
  if (!raw.ok() || ::getpid() != state.owner) return;
  reinterpret_cast<DumpHeader*>(state.spool.at(raw.offset))->state = RecordState::kReleased;
  state.unreleased.fetch_sub(1);
}

std::vector<FrameId> Capturer::name(std::uint64_t address, StackTable& table) {
  return AddressNamer(state_->symbolizer, state_->modules, state_->modules).frames(address, table);
}

Dump Capturer::resolve(const RawDump& raw, Recording& recording, ResolveStats* stats) {
  State& state = *state_;
  ResolveStats local;
  ResolveStats& counted = stats != nullptr ? *stats : local;
  counted = {};
  const auto begin = Clock::now();
  SpoolDump dump;
  if (!raw.ok() || !dump.parse(state.spool.contents().subspan(raw.offset))) return {};
  state.modules = list_modules();
  state.spool.store_modules(state.modules);
  state.symbolizer.update(state.modules);
  AddressNamer namer(state.symbolizer, state.modules, state.modules);
  Resolver resolver(dump, namer, recording);
  Dump resolved = resolver.run();
  for (const Module& module : state.modules) {
    const bool known = std::any_of(recording.modules.begin(), recording.modules.end(),
                                   [&](const Module& other) { return other.base == module.base && other.path == module.path; });
    if (!known) recording.modules.push_back(module);
  }
  for (ThreadRecord& thread : resolved.threads) {
    char name[17];
    state.tasks.name(static_cast<pid_t>(std::stol(thread.id)), name);
    if (name[0] != 0) thread.name = recording.table.intern(name);
  }
  counted.symbols = Clock::now() - begin;
  if (state.options.guard_scan) {
    GuardScan(state.options, state.signal, state.memory, state.tasks, resolver, state.symbolizer, recording).run(resolved, counted);
  }
  counted.distinct_addresses = namer.distinct();
  counted.unnamed_addresses = namer.unnamed();
  counted.locks = static_cast<std::uint32_t>(resolved.locks.size());
  std::vector<bool> held(resolved.locks.size());
  for (const Hold& hold : resolved.holds) held[hold.lock.index] = true;
  counted.locks_without_holder = static_cast<std::uint32_t>(std::count(held.begin(), held.end(), false));
  counted.total = Clock::now() - begin;
  return resolved;
}

std::size_t Capturer::take_leftovers(EventSink& sink) {
  State& state = *state_;
  const std::vector<unsigned char> bytes = std::move(state.leftovers);
  state.leftovers.clear();
  SpoolHeader header;
  std::vector<Module> captured;
  if (!parse_spool(bytes, header, captured)) return 0;
  RecordingInfo info;
  info.source = "live";
  info.runtime = Runtime::kNative;
  info.pid = header.pid;
  info.started_wall_ns = header.started_wall_ns;
  Recording& recording = sink.begin(std::move(info));
  recording.modules = captured;
  std::size_t count = 0;
  AddressNamer namer(state.symbolizer, captured, state.modules);
  for (const SpoolDump& raw : dumps_in(bytes)) {
    Dump dump = Resolver(raw, namer, recording).run();
    dump.id = static_cast<std::int64_t>(++count);
    if (!raw.complete()) {
      sink.diagnostic({Severity::kDataLoss, state.options.spool_path, 0, "a dump was cut off when the process ended; the threads that had been read are kept", 1});
    }
    sink.dump(std::move(dump));
  }
  sink.end();
  return count;
}

int Capturer::signal() const noexcept { return state_->signal; }

std::vector<std::string> Capturer::limits() const {
  std::vector<std::string> words;
  if constexpr (!arch::kOutsideReading) {
    words.emplace_back("this processor's threads can't be read from outside: they are signalled, and lock words are not read");
  } else if (state_->outside_closed) {
    words.emplace_back("threads can't be read from outside (/proc/self/task/*/syscall is closed: not dumpable, hidepid, or seccomp): they are "
                       "signalled, also those in a call that a signal breaks, and lock words are not read");
  }
  if (!state_->options.signals) words.emplace_back("signals are off: running threads have no stack");
  return words;
}

std::string_view to_string(Absence absence) {
  switch (absence) {
    case Absence::kNone: return "";
    case Absence::kGone: return "ended before it was read";
    case Absence::kBlocksSignal: return "blocks the capture signal";
    case Absence::kTraced: return "held by a debugger";
    case Absence::kUninterruptible: return "in uninterruptible sleep";
    case Absence::kStopped: return "stopped";
    case Absence::kWouldInterrupt: return "in a call that a signal would break";
    case Absence::kNoAnswer: return "did not answer the signal in time";
    case Absence::kUnwinderFault: return "the unwinder faulted on its stack";
    case Absence::kSignalQueueFull: return "the signal queue is full";
    case Absence::kSignalsOff: return "running, and signals are off";
    case Absence::kBroken: return "its frames end early: unwind information is missing";
    case Absence::kDeep: return "deeper than the limit of frames";
    case Absence::kSmallStack: return "its signal stack is too small to unwind on";
    case Absence::kSpoolFull: return "no room left in the spool";
    case Absence::kCount: break;
  }
  return "unknown";
}

std::string_view to_string(CaptureFailure failure) {
  switch (failure) {
    case CaptureFailure::kNone: return "";
    case CaptureFailure::kBusy: return "another capture is running";
    case CaptureFailure::kForked: return "this is a forked child";
    case CaptureFailure::kSpoolFull: return "the spool is full";
    case CaptureFailure::kNoListing: return "the threads can't be listed";
  }
  return "unknown";
}

}  // namespace tailback
