#include "replay/sources/java_thread.h"

#include <algorithm>
#include <array>
#include <span>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// Whether this, which stands between a '/' and a '.' in a function's name, is an address or a hash and no name.
bool is_address(std::string_view part, bool of_lambda) {
  if (part.starts_with("0x")) return true;
  static constexpr std::string_view kDigits = "0123456789", kHexDigits = "0123456789abcdefABCDEF";
  return !part.empty() && part.find_first_not_of(of_lambda ? kHexDigits : kDigits) == std::string_view::npos;
}

/// Lambdas and hidden classes carry one, which differs from run to run: "DL$$Lambda$3/0x00007f3f94002800.run" (HotSpot 11 on, OpenJ9),
/// "DL$$Lambda$1/1747585824.run" (HotSpot 8), "DL$$Lambda$1/000000001C00B860.run" (OpenJ9 8).
std::string without_addresses(std::string_view function) {
  std::string result(function);
  for (std::size_t at = 0; (at = result.find('/', at)) != std::string::npos;) {
    const std::size_t end = std::min(result.find_first_of("./", at + 1), result.size());
    const std::string_view part = std::string_view(result).substr(at + 1, end - at - 1);
    if (is_address(part, result.rfind("$$Lambda", at) != std::string::npos)) result.erase(at, end - at);
    else ++at;
  }
  return result;
}

/// Whether what stands where the file should be says that there is none to name.
bool is_no_file(std::string_view place) {
  return place == "Unknown Source" || place == "No Source" || place == "Compiled Code" || place.starts_with("Bytecode PC");
}

/// java.lang.Thread.sleep(java.base@17.0.15/Native Method)      java.base/java.lang.Thread.run(Thread.java:840)
/// app//com.acme.Cache.get(Cache.java:52)                       com/acme/Demo.run(Demo.java:42(Compiled Code))
/// com/acme/Demo$$Lambda/0x00000000300d0730.run(Bytecode PC:0)
/// depot.Shelf.take(Ldepot/Item;)V(Shelf.java:30)                                (SAP: with the signature)
/// depot.Shelf.take(depot.Item) @bci=17, line=30 (Interpreted frame)              (jstack -F: with the types, without the file)
Frame parse_frame(StackTable& table, std::string_view text) {
  Frame frame;
  const std::size_t open = text.find('(');
  const std::string whole = without_addresses(text.substr(0, open));
  std::string_view function = whole;
  std::string_view place = open == std::string_view::npos ? std::string_view{} : text.substr(open + 1);
  if (const std::size_t bci = text.find(" @bci="); bci != std::string_view::npos) {
    const std::size_t line = text.find(" line=", bci);
    if (line != std::string_view::npos) (void)std::from_chars(text.data() + line + 6, text.data() + text.size(), frame.line);
    place = {};
  } else if (const std::size_t signature = place.find(')'); signature != std::string_view::npos) {
    if (const std::size_t last = place.rfind('('); last != std::string_view::npos && last > signature) place.remove_prefix(last + 1);
  }
  if (const std::size_t inner = place.find('('); inner != std::string_view::npos) place = place.substr(0, inner);
  while (place.ends_with(')')) place.remove_suffix(1);
  std::string_view module;
  if (const std::size_t slash = place.rfind('/'); slash != std::string_view::npos) {
    module = place.substr(0, slash);
    place.remove_prefix(slash + 1);
  }
  std::string dotted;
  if (const std::size_t slash = function.rfind('/'); slash != std::string_view::npos) {
    const std::string_view before = function.substr(0, slash);
    if (before.find('.') != std::string_view::npos || function.find("//") != std::string_view::npos ||
        function.substr(slash).find('.') != function.substr(slash).rfind('.')) {  // loader//, module/ or module@version/
      module = before.substr(0, before.find("//"));
      function.remove_prefix(slash + 1);
    } else {  // OpenJ9 prints classes with slashes
      dotted = function;
      std::replace(dotted.begin(), dotted.end(), '/', '.');
      function = dotted;
    }
  }
  module = module.substr(module.rfind('/') == std::string_view::npos ? 0 : module.rfind('/') + 1);
  module = module.substr(0, module.find('@'));
  frame.function = table.intern(function);
  if (!module.empty()) frame.module = table.intern(module);
  if (place.empty() || is_no_file(place)) return frame;
  const Place source = split_place(place);
  if (!source.file.empty()) frame.file = table.intern(source.file);
  frame.line = source.line;
  return frame;
}

bool starts_with_any(std::string_view text, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [text](std::string_view b) { return text.starts_with(b); });
}

/// Frames of the locks themselves, from park outwards.
bool is_lock_frame(std::string_view function) {
  static constexpr std::array<std::string_view, 17> kOwn = {
      "java.util.concurrent.locks.", "jdk.internal.misc.Unsafe.", "sun.misc.Unsafe.", "java.lang.VirtualThread.", "java.lang.System$",
      "java.util.concurrent.FutureTask.", "java.util.concurrent.CompletableFuture", "java.util.concurrent.Semaphore.",
      "java.util.concurrent.CountDownLatch.", "java.util.concurrent.CyclicBarrier.", "java.util.concurrent.Phaser",
      "java.util.concurrent.Exchanger", "java.util.concurrent.ForkJoinPool.managedBlock", "java.util.concurrent.ForkJoinPool.unmanagedBlock",
      "java.util.concurrent.ForkJoinPool.compensatedBlock", "java.util.concurrent.ForkJoinTask.", "jdk.internal.misc.VirtualThreads."};
  return starts_with_any(function, kOwn) && function != "java.lang.VirtualThread.run";
}

/// Whether a frame of a read-write lock's code shows that it is asked for shared.
bool is_shared_frame(std::string_view function) {
  return function.ends_with("$ReadLock.lock") || function.ends_with("$ReadLock.lockInterruptibly") || function.ends_with("$ReadLock.tryLock") ||
         function.ends_with("$ReadLockView.lock") || function.find("Synchronizer.acquireShared") != std::string_view::npos ||
         function.find("Synchronizer.doAcquireShared") != std::string_view::npos || function.find("Synchronizer.tryAcquireShared") != std::string_view::npos ||
         function.find("StampedLock.acquireRead") != std::string_view::npos || function.find("StampedLock.readLock") != std::string_view::npos;
}

/// Whether a class that is built on a queued synchronizer is asked for what it guards.
bool is_acquire_frame(std::string_view function) {
  const std::size_t at = function.find("Synchronizer.");
  return at != std::string_view::npos && (function.find("acquire", at) != std::string_view::npos || function.find("Acquire", at) != std::string_view::npos);
}

bool is_object_wait(std::string_view function) { return function.starts_with("java.lang.Object.wait"); }

}  // namespace

JavaLock parse_java_lock(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return {0, text};
  JavaLock lock{0, text.substr(0, at)};
  std::string_view digits = text.substr(at + 1);
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), lock.identity, 16);
  return lock;
}

LockKind java_lock_kind(std::string_view class_name) {
  const auto has = [class_name](std::string_view part) { return class_name.find(part) != std::string_view::npos; };
  if (has("ConditionObject") || has("ConditionNode")) return LockKind::kCondition;
  if (has("ReentrantReadWriteLock") || has("StampedLock")) return LockKind::kRwlock;
  if (has("ReentrantLock")) return LockKind::kRecursiveMutex;
  if (has("ThreadPoolExecutor$Worker")) return LockKind::kMutex;
  if (has("Semaphore")) return LockKind::kSemaphore;
  if (has("CountDownLatch")) return LockKind::kWaitGroup;
  if (has("CyclicBarrier") || has("Phaser") || has("Exchanger")) return LockKind::kBarrier;
  if (has("FutureTask") || has("CompletableFuture") || has("ForkJoinTask") || class_name.ends_with("Future")) return LockKind::kFuture;
  if (has("SynchronousQueue") || has("LinkedTransferQueue")) return LockKind::kChannel;
  if (has("Synchronizer")) return LockKind::kMutex;
  return LockKind::kUnknown;
}

void JavaThreads::begin(std::string_view id, std::string_view name, std::uint64_t line) {
  end();
  ThreadRecord& thread = builder_.begin_thread(std::string(id.empty() ? name : id), line);
  if (!name.empty()) thread.name = builder_.table().intern(name);
}

void JavaThreads::frame(std::string_view text) {
  builder_.frame(frames_.get(text, [this](std::string_view t) {
    StackTable& table = builder_.table();
    return table.intern(parse_frame(table, t));
  }));
}

void JavaThreads::state(std::string_view text) {
  ThreadRecord& thread = builder_.thread();
  thread.state_text = builder_.table().intern(text);
  if (text.starts_with("RUNNABLE") || text.starts_with("runnable") || text.starts_with("NEW")) thread.state = ThreadState::kRunning;
  else if (text.starts_with("TIMED_WAITING (sleeping)") || text.starts_with("sleeping")) thread.state = ThreadState::kSleeping;
  else if (text.starts_with("TERMINATED")) thread.state = ThreadState::kDead;
  else if (!text.empty()) thread.state = ThreadState::kBlocked;
}

LockId JavaThreads::lock_of(JavaLock lock, LockKind kind) {
  std::string name(lock.class_name);
  std::replace(name.begin(), name.end(), '/', '.');
  for (const std::string_view part : {"$NonfairSync", "$FairSync", "$Sync"}) {
    if (name.ends_with(part)) name.resize(name.size() - part.size());
  }
  const LockId id = builder_.lock(lock.identity, kind, name.empty() ? StringId{} : builder_.table().intern(name));
  if (name.ends_with("ReentrantReadWriteLock")) builder_.dump().locks[id.index].policy = LockPolicy::kReentrant;
  return id;
}

void JavaThreads::locked_at(std::size_t frame, JavaLock lock) {
  if (lock.identity == 0 || !open()) return;
  const LockId id = lock_of(lock, LockKind::kMonitor);
  const auto index = static_cast<std::uint16_t>(std::min(frame, DumpBuilder::kMaximumFrames));
  // Entered again further in: the outermost frame took it.
  const auto known = std::find_if(locked_.begin(), locked_.end(), [id](const Locked& l) { return l.lock == id; });
  if (known != locked_.end()) known->frame = std::max(known->frame, index);
  else locked_.push_back({id, index});
}

void JavaThreads::enters(JavaLock lock) {
  blocked_ = Blocked::kEntering;
  class_ = lock.class_name;
  on_ = {lock.identity, class_};
  on_frame_ = static_cast<std::uint16_t>(std::min(builder_.frame_count() == 0 ? 0 : builder_.frame_count() - 1, DumpBuilder::kMaximumFrames));
}

void JavaThreads::enters_at_top(JavaLock lock) {
  enters(lock);
  on_frame_ = 0;
}

void JavaThreads::waits(JavaLock lock) {
  if (blocked_ == Blocked::kEntering) return;  // "waiting to re-lock in wait()" says more
  enters(lock);
  blocked_ = Blocked::kWaiting;
}

void JavaThreads::awaits_initialiser(std::string_view class_name) {
  enters({0, class_name});
  blocked_ = Blocked::kInitialising;
}

/// A class has one initialiser, so its name is its identity; classes that are waited for are few.
LockId JavaThreads::initialiser_of(std::string_view class_name) {
  const StringId name = builder_.table().intern(std::string(kInitialiserOf) + std::string(class_name));
  const std::vector<Lock>& locks = builder_.dump().locks;
  const auto known = std::find_if(locks.begin(), locks.end(), [name](const Lock& lock) { return lock.kind == LockKind::kMonitor && lock.address == 0 && lock.name == name; });
  if (known != locks.end()) return {static_cast<std::uint32_t>(known - locks.begin())};
  return builder_.lock(0, LockKind::kMonitor, name);
}

void JavaThreads::parks(JavaLock lock) {
  enters(lock);
  blocked_ = Blocked::kParked;
}

void JavaThreads::waits_by_state(JavaLock lock) {
  const bool blocked = builder_.table().text(builder_.thread().state_text).starts_with("BLOCKED");
  enters_at_top(lock);
  if (!blocked) blocked_ = Blocked::kWaiting;
}

bool JavaThreads::at_monitor() const {
  return blocked_ == Blocked::kEntering || (blocked_ == Blocked::kWaiting && in_object_wait());
}

void JavaThreads::retract_wait() {
  blocked_ = Blocked::kNo;
  on_ = {};
}

bool JavaThreads::in_object_wait() const {
  const std::vector<FrameId>& frames = builder_.frames();
  return !frames.empty() && is_object_wait(builder_.table().function(frames.front()));
}

void JavaThreads::owns(ThreadIndex thread, JavaLock lock) {
  LockKind kind = java_lock_kind(lock.class_name);
  if (kind == LockKind::kUnknown) kind = LockKind::kMutex;
  owns_lock(thread, lock_of(lock, kind));
}

void JavaThreads::owns_lock(ThreadIndex thread, LockId lock) {
  Hold hold;
  hold.thread = thread;
  hold.lock = lock;
  builder_.dump().holds.push_back(hold);
}

void JavaThreads::add_waits() {
  if (blocked_ == Blocked::kNo) return;
  if (builder_.thread().state == ThreadState::kUnknown) builder_.thread().state = ThreadState::kBlocked;
  const StackTable& table = builder_.table();
  const std::vector<FrameId>& frames = builder_.frames();
  Wait wait;
  wait.thread = builder_.thread_index();
  wait.frame = on_frame_;
  if (blocked_ == Blocked::kInitialising) {
    wait.lock = initialiser_of(class_);
  } else if (blocked_ == Blocked::kEntering) {
    wait.lock = lock_of(on_, LockKind::kMonitor);
  } else if (blocked_ == Blocked::kWaiting) {
    bool join = false;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const std::string_view function = table.function(frames[i]);
      if (!is_object_wait(function) && function != "java.lang.Thread.join") break;
      join = join || function == "java.lang.Thread.join";
      wait.frame = static_cast<std::uint16_t>(i);
    }
    wait.lock = lock_of(on_, join ? LockKind::kJoin : LockKind::kCondition);
  } else {
    for (std::size_t i = 0; i < frames.size() && is_lock_frame(table.function(frames[i])); ++i) {
      wait.frame = static_cast<std::uint16_t>(i);
      if (is_shared_frame(table.function(frames[i]))) wait.mode = LockMode::kShared;
    }
    LockKind kind = java_lock_kind(on_.class_name);
    // Parked on an object of a class of its own: a lock where a synchronizer's code asks for it, else a mere place to wait at.
    const bool asks = std::any_of(frames.begin(), frames.end(), [&](FrameId frame) { return is_acquire_frame(table.function(frame)); });
    if (kind == LockKind::kUnknown && on_.identity != 0 && !frames.empty()) kind = asks ? LockKind::kMutex : LockKind::kCondition;
    // acquireShared is how semaphores and latches are built, too; there it means nothing.
    if (kind != LockKind::kRwlock) wait.mode = LockMode::kExclusive;
    wait.lock = lock_of(on_, kind);
  }
  builder_.dump().waits.push_back(wait);
}

void JavaThreads::add_holds() {
  Dump& dump = builder_.dump();
  const StackTable& table = builder_.table();
  const std::vector<FrameId>& frames = builder_.frames();
  // Object.wait() has released its monitor, whatever the frames below say. Where the dump does not name it ("no object
  // reference available"), it is the first monitor of the frame that called wait().
  const bool in_wait = !frames.empty() && is_object_wait(table.function(frames.front()));
  std::size_t caller = 0;
  while (in_wait && caller < frames.size() && is_object_wait(table.function(frames[caller]))) ++caller;
  bool unnamed = in_wait && on_.identity == 0;
  for (const Locked& locked : locked_) {
    const Lock& lock = dump.locks[locked.lock.index];
    if (blocked_ != Blocked::kNo && blocked_ != Blocked::kParked && lock.address == on_.identity && on_.identity != 0) continue;
    if (unnamed && locked.frame >= caller) {
      unnamed = false;
      continue;
    }
    Hold hold;
    hold.thread = builder_.thread_index();
    hold.lock = locked.lock;
    hold.frame = locked.frame;
    dump.holds.push_back(hold);
  }
}

/// dump_to_file does not tell a sleep from other timed waits, a javacore not from any wait; the stack does.
void JavaThreads::tell_sleep() {
  ThreadRecord& thread = builder_.thread();
  const StackTable& table = builder_.table();
  if (const std::string_view state = table.text(thread.state_text); state != "TIMED_WAITING" && state != "CW") return;
  for (const FrameId frame : builder_.frames()) {
    const std::string_view function = table.function(frame);
    if (function == "java.lang.Thread.sleep") thread.state = ThreadState::kSleeping;
    if (!function.starts_with("java.lang.Thread.sleep") && !function.starts_with("java.lang.VirtualThread.")) return;
  }
}

/// Tools that ask the JVM say "waiting on" of a parked thread, too; the stack tells which it is.
void JavaThreads::tell_park() {
  const std::vector<FrameId>& frames = builder_.frames();
  if (blocked_ == Blocked::kWaiting && !frames.empty() && builder_.table().function(frames.front()).ends_with("Unsafe.park")) blocked_ = Blocked::kParked;
}

void JavaThreads::end() {
  if (open()) {
    tell_sleep();
    tell_park();
    add_waits();
    add_holds();
    builder_.end_thread();
  }
  locked_.clear();
  blocked_ = Blocked::kNo;
  on_ = {};
}

}  // namespace tailback::replay
