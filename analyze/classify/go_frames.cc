// Go: which wait a goroutine stands in, from the frames of sync, internal/sync and internal/poll, and from the state in its header.
//
//     goroutine 19 [semacquire]:
//     sync.runtime_SemacquireMutex(0x0?, 0x0?, 0x0?)
//     sync.(*Mutex).lockSlow(0xc0000a0048)                 a writer behind other writers: waits for the RWMutex' inner mutex
//     sync.(*Mutex).Lock(...)
//     sync.(*RWMutex).Lock(0x0?)
//     main.(*Registry).Register(0xc0000a0040, …)           the receiver: the object that the lock is in
//
// Without a Mutex frame between, the writer is the one pending writer, which waits for the readers. "semacquire" alone means
// nothing: the runtime parks in it for reasons of its own, so a frame of sync is required.
// Source: src/sync/rwmutex.go of Go 1.4 to 1.24; offsets in the RWMutex: w +0, w.sema +4, writerSem +8, readerSem +12.
#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kReaderSemOffset = 12;
constexpr std::uint64_t kLowestPointer = 0x10000;

/// First elements of the import paths of the standard library.
constexpr std::string_view kStandardPackages[] = {
    "archive", "bufio",  "bytes", "compress", "container", "context", "crypto",  "database", "debug",  "embed",   "encoding", "errors",
    "expvar",  "flag",   "fmt",   "go",       "hash",      "html",    "image",   "index",    "internal", "io",    "iter",     "log",
    "maps",    "math",   "mime",  "net",      "os",        "path",    "plugin",  "reflect",  "regexp", "runtime", "slices",   "sort",
    "strconv", "strings", "sync", "syscall",  "testing",   "text",    "time",    "unicode",  "unique", "vendor"};

struct StateRule {
  std::string_view prefix;
  ActivityKind kind;
};
constexpr StateRule kStates[] = {
    {"chan receive", ActivityKind::kChannelReceive}, {"chan send", ActivityKind::kChannelSend}, {"select", ActivityKind::kSelect},
    {"IO wait", ActivityKind::kIo},                  {"sleep", ActivityKind::kSleep},           {"syscall", ActivityKind::kSystemCall},
    {"running", ActivityKind::kRunning},             {"runnable", ActivityKind::kRunning},      {"copystack", ActivityKind::kRunning},
    {"preempted", ActivityKind::kRunning},           {"sync.Cond.Wait", ActivityKind::kCondition},
    {"sync.WaitGroup.Wait", ActivityKind::kWaitGroup}};

/// Frames that tell the wait where no state is printed (profiles).
constexpr StateRule kFrames[] = {
    {"runtime.chanrecv", ActivityKind::kChannelReceive}, {"runtime.chansend", ActivityKind::kChannelSend},
    {"runtime.selectgo", ActivityKind::kSelect},         {"runtime.block", ActivityKind::kSelect},
    {"internal/poll.runtime_pollWait", ActivityKind::kIo}, {"time.Sleep", ActivityKind::kSleep},
    {"runtime.timeSleep", ActivityKind::kSleep},         {"syscall.Syscall", ActivityKind::kSystemCall},
    {"syscall.Syscall6", ActivityKind::kSystemCall},
    {"runtime.notetsleepg", ActivityKind::kSystemCall}};

bool is_sync(std::string_view function) { return function.starts_with("sync.") || function.starts_with("internal/sync."); }
bool is(std::string_view function, std::string_view type_and_method) {
  return is_sync(function) && function.ends_with(type_and_method);
}

/// A program's own mutex around sync's, as in "syncutil.(*RWMutex).RLock": of the lock's frames, not of those that use it.
bool wraps_lock(std::string_view function) {
  constexpr std::string_view kEndings[] = {"Mutex).Lock", "Mutex).RLock", "Locker).Lock"};
  for (const std::string_view ending : kEndings) {
    if (function.ends_with(ending)) return true;
  }
  return false;
}

/// Index of the first frame of sync, over the runtime's own that GOTRACEBACK=system shows; size: none.
std::size_t first_sync_frame(const ThreadView& thread) {
  std::size_t at = 0;
  while (at < thread.size() && thread.function(at).starts_with("runtime.")) ++at;
  return at < thread.size() && is_sync(thread.function(at)) ? at : thread.size();
}

/// The lock API among the sync frames [first, last]; what is outermost decides.
void read_sync(const ThreadView& thread, std::size_t first, std::size_t last, WaitSite& site) {
  bool mutex = false;
  for (std::size_t i = first; i <= last; ++i) {
    const std::string_view function = thread.function(i);
    if (is(function, "(*Mutex).lockSlow") || is(function, "(*Mutex).Lock")) {
      mutex = true;
      site.lock = LockKind::kMutex;
      site.activity.kind = ActivityKind::kLock;
    } else if (is(function, "(*RWMutex).Lock")) {
      site.lock = LockKind::kRwlock;
      site.front = !mutex;
      site.activity.kind = ActivityKind::kLock;
    } else if (is(function, "(*RWMutex).RLock") || is(function, "(*rlocker).Lock")) {
      site.lock = LockKind::kRwlock;
      site.mode = LockMode::kShared;
      site.activity.kind = ActivityKind::kLock;
    } else if (is(function, "(*WaitGroup).Wait")) {
      site.lock = LockKind::kWaitGroup;
      site.activity.kind = ActivityKind::kWaitGroup;
    } else if (is(function, "(*Cond).Wait")) {
      // A goroutine that was woken and wants the mutex back stands in Mutex.Lock under Wait: it waits for the mutex.
      if (!mutex) {
        site.lock = LockKind::kCondition;
        site.activity.kind = ActivityKind::kCondition;
      }
    } else if (function == "sync.(*Once).doSlow" || function == "sync.(*Once).Do") {
      if (mutex) site.lock = LockKind::kOnce;
    }
  }
}

WaitSite read(const ThreadView& thread, const ThreadRecord& record, std::string_view state) {
  WaitSite site;
  const std::size_t first = first_sync_frame(thread);
  if (first < thread.size()) {
    std::size_t last = first;
    while (last + 1 < thread.size() && is_sync(thread.function(last + 1))) ++last;
    read_sync(thread, first, last, site);
    if (site.activity.kind != ActivityKind::kUnknown) {
      // A running goroutine in Lock has not parked: it spins, or has just been handed the lock.
      if (record.state == ThreadState::kRunning && !state.starts_with("semacquire") && !state.starts_with("sync.")) {
        site = WaitSite{};
        site.activity.kind = ActivityKind::kRunning;
      }
      while (site.activity.kind == ActivityKind::kLock && last + 1 < thread.size() && wraps_lock(thread.function(last + 1))) ++last;
      site.activity.wait_frame = static_cast<std::uint16_t>(last);
      return site;
    }
  }
  for (const StateRule& rule : kStates) {
    if (state.starts_with(rule.prefix)) site.activity.kind = rule.kind;
  }
  if (site.activity.kind == ActivityKind::kUnknown || state.empty()) {
    for (std::size_t i = 0; i < thread.size() && i < 4 && site.activity.kind == ActivityKind::kUnknown; ++i) {
      for (const StateRule& rule : kFrames) {
        if (thread.function(i).starts_with(rule.prefix)) site.activity.kind = rule.kind;
      }
    }
  }
  std::size_t last = 0;
  while (last + 1 < thread.size() && kGoRules.library(thread.function(last), {}, {}) && kGoRules.library(thread.function(last + 1), {}, {})) ++last;
  site.activity.wait_frame = static_cast<std::uint16_t>(kGoRules.library(thread.function(0), {}, {}) ? last : 0);
  return site;
}

std::uint64_t exact(const Argument* word) {
  return word != nullptr && !word->uncertain && word->value >= kLowestPointer ? word->value : 0;
}

std::uint64_t lock_address(const ThreadView& thread, const WaitSite& site) {
  std::uint64_t semaphore = 0;
  for (std::size_t i = 0; i <= site.activity.wait_frame && i < thread.size(); ++i) {
    const std::string_view function = thread.function(i);
    if (!is_sync(function)) continue;
    const std::uint64_t word = exact(thread.argument(i, 0));
    if (function.ends_with("runtime_SemacquireMutex") || function.ends_with("runtime_SemacquireRWMutexR")) {
      semaphore = word;
    } else if (word != 0 && !function.ends_with("runtime_Semacquire") && !function.ends_with("runtime_SemacquireRWMutex") &&
               !function.ends_with("runtime_notifyListWait") && !function.ends_with("rlocker).Lock")) {
      return word;  // lockSlow, Lock, RLock, Wait: the object itself; an RWMutex begins with its inner mutex
    }
  }
  if (semaphore != 0 && site.lock == LockKind::kRwlock && site.mode == LockMode::kShared) return semaphore - kReaderSemOffset;
  return 0;
}

/// "main.(*HashSet)" of "main.(*HashSet).AddOne"; a closure in a method has no receiver of its own.
Receiver receiver(const ThreadView& thread, std::size_t frame) {
  const std::string_view function = thread.function(frame);
  const std::size_t open = function.find("(*");
  if (open == std::string_view::npos) return {};
  const std::size_t close = function.find(").", open);
  if (close == std::string_view::npos) return {};
  Receiver found;
  found.type = function.substr(0, close + 1);
  if (function.find('.', close + 2) != std::string_view::npos) return found;
  const Argument* word = thread.argument(frame, 0);
  if (word != nullptr && word->value >= kLowestPointer) {
    found.value = word->value;
    found.uncertain = word->uncertain;
  }
  return found;
}

/// What the compiler made is nobody's code either: a promoted method's "<autogenerated>", a method's value "(*Breaker).Trip-fm".
bool library(std::string_view function, std::string_view file, std::string_view) {
  if (file == "<autogenerated>" || function.ends_with("-fm")) return true;
  const std::size_t end = function.find_first_of("/.");
  if (end == std::string_view::npos) return function == "panic" || function == "goexit";
  const std::string_view root = function.substr(0, end);
  for (const std::string_view package : kStandardPackages) {
    if (root == package) return true;
  }
  return function.starts_with("_cgo") || function.starts_with("crosscall");
}

}  // namespace

const RuntimeRules kGoRules{Runtime::kGo, read, lock_address, nullptr, receiver, library};

}  // namespace tailback::analyze
