// Java: the dump's own lines tell monitors, parked-on objects and owners, and the reader has recorded them. What is left is
// what the frames say: futures, sleeps, I/O.
#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {
namespace {

constexpr std::string_view kLibraries[] = {"java.", "javax.", "jdk.", "sun.", "com.sun.", "jrockit.", "weblogic.socket.", "oracle.jrockit.",
                                           "kotlin.", "scala.concurrent.", "com.ibm.misc.", "com.ibm.java.", "org.graalvm."};

struct FrameRule {
  std::string_view function;  ///< beginning of a frame's function
  ActivityKind kind;
};

/// The outermost of the library's frames that matches decides: what the program called says what it waits for, and what that is built of does not.
constexpr FrameRule kFrames[] = {
    {"java.lang.Thread.sleep", ActivityKind::kSleep},
    {"java.util.concurrent.TimeUnit.sleep", ActivityKind::kSleep},
    {"java.lang.Thread.join", ActivityKind::kJoin},
    {"java.util.concurrent.FutureTask.get", ActivityKind::kFuture},
    {"java.util.concurrent.FutureTask.awaitDone", ActivityKind::kFuture},
    {"java.util.concurrent.CompletableFuture.", ActivityKind::kFuture},
    {"java.util.concurrent.ForkJoinTask.get", ActivityKind::kFuture},
    {"java.util.concurrent.ForkJoinTask.join", ActivityKind::kFuture},
    {"java.util.concurrent.ForkJoinTask.invoke", ActivityKind::kFuture},
    {"java.util.concurrent.ForkJoinTask.awaitDone", ActivityKind::kFuture},
    {"java.util.concurrent.AbstractExecutorService.invoke", ActivityKind::kFuture},
    {"java.util.concurrent.CountDownLatch.await", ActivityKind::kWaitGroup},
    {"java.util.concurrent.Phaser.", ActivityKind::kWaitGroup},
    {"java.util.concurrent.CyclicBarrier.", ActivityKind::kWaitGroup},
    {"java.util.concurrent.Exchanger.", ActivityKind::kWaitGroup},
    {"java.util.concurrent.Semaphore.acquire", ActivityKind::kSemaphore},
    {"java.util.concurrent.Semaphore.tryAcquire", ActivityKind::kSemaphore},
    {"java.net.", ActivityKind::kIo},
    {"jdk.internal.net.http.", ActivityKind::kIo},
    {"sun.nio.ch.", ActivityKind::kIo},
    {"sun.nio.fs.", ActivityKind::kIo},
    {"java.nio.channels.", ActivityKind::kIo},
    {"java.io.", ActivityKind::kIo},
    {"java.util.zip.", ActivityKind::kRunning},
    {"java.lang.UNIXProcess.waitFor", ActivityKind::kIo},
    {"java.lang.ProcessImpl.waitFor", ActivityKind::kIo},
    {"java.lang.Object.wait", ActivityKind::kCondition},
    {"java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.", ActivityKind::kCondition}};

/// Where the innermost frame of a thread in a system call stands.
constexpr std::string_view kSystemCalls[] = {"sun.nio.ch.", "sun.nio.fs.", "java.net.", "java.io.File", "java.io.RandomAccessFile", "java.io.UnixFileSystem", "java.io.Console", "java.lang.ProcessImpl.", "java.lang.UNIXProcess."};

/// Methods of queues that wait for room; the others that wait do so for an element.
constexpr std::string_view kPuts[] = {"put", "offer", "transfer", "add"};

/// "java.util.concurrent.LinkedBlockingQueue.putLast" puts.
ActivityKind of_queue(std::string_view function) {
  const std::size_t dot = function.rfind('.');
  const std::string_view type = function.substr(0, dot);
  if (dot == std::string_view::npos || !function.starts_with("java.util.concurrent.") || !(type.ends_with("Queue") || type.ends_with("Deque"))) return ActivityKind::kUnknown;
  return starts_with_any(function.substr(dot + 1), kPuts) ? ActivityKind::kChannelSend : ActivityKind::kChannelReceive;
}

ActivityKind meaning(std::string_view function) {
  for (const FrameRule& rule : kFrames) {
    if (function.starts_with(rule.function)) return rule.kind;
  }
  return of_queue(function);
}

bool library(std::string_view function, std::string_view, std::string_view) { return starts_with_any(function, kLibraries); }

WaitSite read(const ThreadView& thread, const ThreadRecord& record, std::string_view state) {
  WaitSite site;
  std::size_t last = 0;
  for (std::size_t i = 0; i < thread.size() && library(thread.function(i), {}, {}); ++i) {
    last = i;
    if (const ActivityKind kind = meaning(thread.function(i)); kind != ActivityKind::kUnknown) site.activity.kind = kind;
  }
  site.activity.wait_frame = static_cast<std::uint16_t>(last);
  // The JVM's own threads (compilers, collectors) have no frames at all, and "waiting on condition" is how their rest is told.
  const bool rests = record.state != ThreadState::kBlocked || state == "waiting on condition";
  if (thread.size() == 0 && rests) site.activity.kind = ActivityKind::kIdle;
  site.activity.timed = state.starts_with("TIMED_WAITING");
  // Java says runnable of what waits in a system call; of what waits for another thread it never does.
  // And what only fills a buffer runs: the system calls stand in native methods of few packages.
  const bool calls = site.activity.kind == ActivityKind::kIo && starts_with_any(thread.function(0), kSystemCalls);
  if (record.state == ThreadState::kRunning && !calls && site.activity.kind != ActivityKind::kIdle) site.activity.kind = ActivityKind::kUnknown;
  if (site.activity.kind == ActivityKind::kUnknown) {
    if (record.state == ThreadState::kRunning) site.activity.kind = ActivityKind::kRunning;
    if (record.state == ThreadState::kSleeping) site.activity.kind = ActivityKind::kSleep;
    if (record.state == ThreadState::kIo) site.activity.kind = ActivityKind::kIo;
    if (record.state == ThreadState::kBlocked) site.activity.kind = ActivityKind::kLock;
  }
  return site;
}

std::uint64_t lock_address(const ThreadView&, const WaitSite&) { return 0; }

/// "com.acme.Cache" of "com.acme.Cache.get"; lambdas stay with their class. Which object it is, no dump says.
Receiver receiver(const ThreadView& thread, std::size_t frame) {
  const std::string_view function = thread.function(frame);
  const std::size_t dot = function.rfind('.');
  return dot == std::string_view::npos ? Receiver{} : Receiver{function.substr(0, dot), 0, false};
}

}  // namespace

const RuntimeRules kJavaRules{Runtime::kJava, read, lock_address, nullptr, receiver, library};

}  // namespace tailback::analyze
