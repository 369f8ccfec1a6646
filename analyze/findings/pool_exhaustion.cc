// Every worker of a pool waits for a result, and results are what workers make.
#include <algorithm>
#include <map>

#include "analyze/findings/rules.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestWorkers = 2;

/// The loops of known executors, anywhere in a stack.
constexpr std::string_view kWorkerLoops[] = {"java.util.concurrent.ThreadPoolExecutor.runWorker", "java.util.concurrent.ThreadPoolExecutor$Worker.run",
                                             "java.util.concurrent.ForkJoinPool.runWorker", "java.util.concurrent.ForkJoinWorkerThread.run",
                                             "concurrent.futures.thread._worker", "boost::asio::detail::scheduler::run", "folly::ThreadPoolExecutor"};

struct Pool {
  bool known_executor = false;
  std::uint64_t workers = 0, waiting = 0;
  std::vector<ThreadIndex> members;  ///< ascending
};

/// "pool-1-thread-" of "pool-1-thread-12".
std::string_view stem(std::string_view name) {
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
  return name;
}

/// What the workers of one pool have in common, and nobody else.
std::string pool_of(const Case& dump, ThreadIndex thread, bool& known) {
  const ThreadView view = dump.view(thread);
  known = false;
  for (std::size_t i = view.size(); i > 0 && !known; --i) {
    known = starts_with_any(view.function(i - 1), kWorkerLoops) || (dump.recording().info.runtime == Runtime::kPython && view.function(i - 1) == "_worker");
  }
  const std::uint16_t own = dump.outermost_own(thread);
  const ThreadRecord& record = dump.dump().threads[thread.index];
  if (known) return "executor " + std::string(stem(dump.recording().table.text(record.name)));
  return own == view.size() ? std::string() : std::string(view.function(own));
}

/// The task between the worker's loop and the wait: a thread that waits for a result directly is no worker with a task.
bool runs_a_task(const Case& dump, ThreadIndex thread) {
  return dump.activity(thread).own_frame < dump.outermost_own(thread);
}

/// A closure that another function made, on the stack of a goroutine between its own entry and the wait: a task that the goroutine was handed.
///
///     main.resolve  main.main.func2  main.Submit[...].func1  main.(*Pool).worker
bool runs_a_closure(const Case& dump, ThreadIndex thread) {
  const ThreadView view = dump.view(thread);
  const std::uint16_t own = dump.outermost_own(thread);
  // What a library calls is a handler, not a worker.
  if (own >= view.size() || (own + std::size_t{1} < view.size() && view.function(own + std::size_t{1}) != "runtime.goexit")) return false;
  const std::string_view entry = view.function(own);
  const std::string_view maker = entry.substr(0, entry.find(".func"));
  for (std::size_t i = dump.activity(thread).own_frame; i < own; ++i) {
    const std::string_view function = view.function(i);
    const std::size_t closure = function.find(".func");
    if (closure != std::string_view::npos && !maker.starts_with(function.substr(0, closure)) && runs_a_task(dump, thread)) return true;
  }
  return false;
}

/// What a worker with a task waits for: a result, or room for one more task. In Go both are channels' matter.
bool waits_for_a_result(const Case& dump, ThreadIndex thread, bool known) {
  const ActivityKind kind = dump.activity(thread).kind;
  if (kind == ActivityKind::kFuture) return known || runs_a_task(dump, thread);
  return dump.recording().info.runtime == Runtime::kGo && (kind == ActivityKind::kChannelReceive || kind == ActivityKind::kChannelSend) && runs_a_closure(dump, thread);
}

/// Who waits for a result or a lock yields none; nor, in Go, who waits at a channel.
bool somebody_else_acts(const Case& dump, const Pool& pool) {
  if (dump.recording().info.runtime != Runtime::kGo) return others_act(dump, pool.members, [](ActivityKind kind) { return kind == ActivityKind::kFuture || kind == ActivityKind::kLock; });
  return others_act(dump, pool.members, [](ActivityKind kind) {
    return kind == ActivityKind::kChannelSend || kind == ActivityKind::kChannelReceive || kind == ActivityKind::kWaitGroup || kind == ActivityKind::kLock;
  });
}

std::uint64_t waiting_for_results(const Case& dump) {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) count += dump.activity({i}).kind == ActivityKind::kFuture ? dump.dump().threads[i].count : 0;
  return count;
}

/// A thread of a library that waits for answers from outside, an HTTP client's, or for the time to do something: what comes of it may be the result.
bool somebody_fetches(const Case& dump) {
  constexpr std::string_view kTimers[] = {"java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "java.util.TimerThread.mainLoop", "java.util.concurrent.DelayQueue."};
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ThreadView view = dump.view({i});
    for (std::size_t k = 0; k < view.size(); ++k) {  // a timer may stand between two turns
      if (starts_with_any(view.function(k), kTimers)) return true;
    }
    if (dump.activity({i}).kind != ActivityKind::kIo || dump.outermost_own({i}) != view.size()) continue;
    if (!dump.accepts({i})) return true;
  }
  return false;
}

/// What an executor was given to do, it alone completes; other results may come from anywhere.
bool is_a_task(const Case& dump, ThreadIndex thread) {
  const Wait* wait = dump.graph().wait_of(thread);
  return wait != nullptr && dump.recording().table.text(dump.dump().locks[wait->lock.index].name).ends_with(".FutureTask");
}

}  // namespace

void find_pool_exhaustion(const Case& dump, const History& history, Found& found) {
  const std::string missing = dump.missing_threads();
  if (!missing.empty()) found.not_evaluated.push_back({FindingKind::kPoolExhaustion, missing + ": a free worker may be among them"});
  std::map<std::string, Pool> pools;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    bool known = false;
    const std::string name = pool_of(dump, {i}, known);
    if (name.empty() && !known) continue;
    // An idle worker of an executor is one of its workers; what else takes no part is none.
    if (!known && !dump.takes_part({i})) continue;
    Pool& pool = pools[name];
    pool.known_executor = known;
    pool.workers += dump.dump().threads[i].count;
    if (!waits_for_a_result(dump, {i}, known)) continue;
    pool.waiting += dump.dump().threads[i].count;
    pool.members.push_back({i});
  }
  for (const auto& [name, pool] : pools) {
    if (pool.workers == 0 || pool.waiting != pool.workers) continue;
    if (history.normal(dump.dump().threads[pool.members.front().index].stack, pool.waiting)) continue;
    Finding finding = dump.finding(FindingKind::kPoolExhaustion);
    const bool futures = dump.activity(pool.members.front()).kind == ActivityKind::kFuture;
    const bool acts = !missing.empty() || somebody_else_acts(dump, pool);
    const bool only_tasks = std::all_of(pool.members.begin(), pool.members.end(), [&](ThreadIndex member) { return is_a_task(dump, member); });
    if (futures && !only_tasks && somebody_fetches(dump)) continue;
    if (acts && !pool.known_executor) continue;
    // An executor of one thread is a pool, too, where others wait for what it should make.
    if (pool.workers < kFewestWorkers && (acts || !pool.known_executor || waiting_for_results(dump) < kFewestWorkers)) continue;
    // Java's and Python's executors show in the stacks of their workers; threads that do not show one may be no pool at all.
    const bool pool_shows = pool.known_executor || dump.recording().info.runtime == Runtime::kNative;
    finding.confidence = acts || !futures || !pool_shows || pool.workers < kFewestWorkers ? Confidence::kPossible : Confidence::kLikely;
    finding.severity = severity_of(finding.confidence);
    const ThreadIndex first = pool.members.front();
    ChainLink link = dump.link(first, nullptr, dump.graph().wait_of(first));
    if (link.wait_function.empty()) link.wait_function = link.function;
    link.note = dump.doing(first);
    link.others = pool.waiting - 1;
    finding.chain.push_back(std::move(link));
    finding.blocked_directly = finding.blocked_in_all = pool.waiting;
    for (const ThreadIndex member : pool.members) finding.oldest_wait_ns = std::max(finding.oldest_wait_ns, dump.dump().threads[member.index].waited_ns);
    const bool hands_over = dump.activity(first).kind == ActivityKind::kChannelSend, one = pool.workers == 1;
    const std::string what = hands_over ? "room in a channel" : "a result";
    const std::string tasks = (one ? "The one worker runs a task that waits for " : "All " + with_separators(pool.workers) + " workers run tasks that wait for ") + what + " in ";
    finding.title = "every worker of the pool waits for " + what;
    finding.explanation = tasks + dump.waiter(first) + (hands_over ? ". If that is the pool's own queue, nobody is left to take from it."
                                                        : one      ? ". If that is a task of the same pool, it will never run."
                                                                   : ". If those results are tasks of the same pool, none of them will ever run.");
    finding.fix = "Don't wait for a task of the pool inside a task of it: continue when it is done (a callback), run it in place, or give inner tasks a pool of their own.";
    finding.refuted_by = "results that come from outside the pool, or a later dump in which a worker has gone on";
    finding.evidence.push_back(with_separators(pool.waiting) + " of " + with_separators(pool.workers) + " workers wait for " + what + ", none is free");
    if (!acts) finding.evidence.push_back("no other thread of the dump takes part");
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
