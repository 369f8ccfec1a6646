#include "analyze/findings/roots.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace tailback::analyze {
namespace {

/// Threads of chains that were followed to their root.
using Passed = std::unordered_set<std::uint32_t>;

Root root_of(const Case& dump, ThreadIndex waiter, Passed& passed) {
  Root root;
  root.chain = dump.graph().chain(waiter);
  if (root.chain.empty()) {
    root.lock = dump.graph().wait_of(waiter)->lock;
    return root;
  }
  for (const Step& step : root.chain) {
    root.confidence = std::min(root.confidence, dump.confidence(step.hold));
    passed.insert(step.thread.index);
  }
  const Step& last = root.chain.back();
  if (const Wait* wait = dump.graph().wait_of(last.blocker); wait != nullptr && dump.activity(last.blocker).kind == ActivityKind::kLock) {
    root.lock = wait->lock;  // its holder is not known
    root.chain.clear();
    root.confidence = Confidence::kCertain;
    return root;
  }
  root.thread = last.blocker;
  root.lock = last.lock;
  root.hold = last.hold;
  return root;
}

std::int64_t oldest_wait(const Case& dump, LockId lock) {
  std::int64_t oldest = -1;
  for (const std::uint32_t w : dump.graph().waits_for(lock)) {
    const Wait& wait = dump.dump().waits[w];
    oldest = std::max({oldest, wait.since_ns, dump.dump().threads[wait.thread.index].waited_ns});
  }
  return oldest;
}

}  // namespace

std::vector<Root> find_roots(const Case& dump) {
  std::vector<Root> roots;
  std::unordered_map<std::uint64_t, std::size_t> known;
  Passed passed;
  for (std::uint32_t i = 0; i < dump.dump().locks.size(); ++i) {
    const LockId lock{i};
    const auto waits = dump.graph().waits_for(lock);
    const LockKind kind = dump.dump().locks[i].kind;
    if (waits.empty() || !(can_be_held(kind) || kind == LockKind::kFutex)) continue;
    const ThreadIndex waiter = dump.dump().waits[waits.front()].thread;
    if (dump.explained(waiter)) continue;
    // Behind one of those stands what has the same root and is farther from it: a long chain is followed once, not once from each of its locks.
    if (const auto first = dump.graph().next(waiter); first && passed.contains(first->blocker.index)) continue;
    Root root = root_of(dump, waiter, passed);
    const std::uint64_t key = root.thread.valid() ? root.thread.index : (std::uint64_t{1} << 32) + root.lock.index;
    const auto [found, added] = known.try_emplace(key, roots.size());
    // Of several queues behind one root the finding is about the lock that the root itself holds; the longest of those.
    if (!added) {
      Root& before = roots[found->second];
      if (root.chain.size() == 1 && (before.chain.size() > 1 || dump.graph().waiting(root.lock) > dump.graph().waiting(before.lock))) before = std::move(root);
      continue;
    }
    roots.push_back(std::move(root));
  }
  for (Root& root : roots) {
    const ThreadIndex thread[] = {root.thread};
    root.blocked = root.thread.valid() ? dump.graph().blocked_behind(thread) : dump.graph().waiting(root.lock);
    root.oldest_wait_ns = oldest_wait(dump, root.lock);
    if (root.thread.valid()) continue;
    // Behind a lock without a known holder stand also those whose locks its waiters hold.
    std::vector<ThreadIndex> waiters;
    for (const std::uint32_t w : dump.graph().waits_for(root.lock)) waiters.push_back(dump.dump().waits[w].thread);
    root.blocked = std::max(root.blocked, dump.graph().blocked_behind(waiters) + dump.graph().waiting(root.lock));
  }
  std::stable_sort(roots.begin(), roots.end(), [](const Root& a, const Root& b) { return a.blocked > b.blocked; });
  return roots;
}

void add_root(const Case& dump, Finding& finding, const Root& root) {
  finding.confidence = std::min(finding.confidence, root.confidence);
  finding.locks.push_back(root.lock);
  if (root.thread.valid()) {
    ChainLink link = dump.link(root.thread, root.hold, nullptr);
    link.note = dump.doing(root.thread);
    const std::size_t own = dump.activity(root.thread).own_frame;
    const ThreadView view = dump.view(root.thread);
    if (own < view.size() && dump.activity(root.thread).kind != ActivityKind::kRunning && view.function(own) != link.function) {
      link.wait_function = std::string(view.function(own));
    }
    finding.chain.push_back(std::move(link));
    if (root.hold != nullptr) dump.add_evidence(finding, *root.hold);
  }
  // The holders between the root and the crowd, nearest to the root first.
  for (std::size_t i = root.chain.size(); i > 1; --i) {
    const Step& step = root.chain[i - 1];
    const Hold* held = root.chain[i - 2].hold;
    finding.chain.push_back(dump.link(step.thread, held, dump.graph().wait_of(step.thread)));
    if (held != nullptr) {
      dump.add_evidence(finding, *held);
      finding.locks.push_back(held->lock);
    }
  }
  const std::vector<LockId> locks = finding.locks;
  for (const LockId lock : locks) dump.add_waiters(finding, lock);
  finding.blocked_in_all = root.blocked;
  dump.count_waiters(finding);
}

}  // namespace tailback::analyze
