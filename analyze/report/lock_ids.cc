#include "analyze/report/lock_ids.h"

#include <algorithm>
#include <set>

namespace tailback::analyze {
namespace {

/// What each lock of one dump looks like, by LockId.
std::vector<LockInDump> locks_of(const Recording& recording, std::size_t dump_index) {
  const Dump& dump = recording.dumps[dump_index];
  std::vector<LockInDump> locks(dump.locks.size());
  for (std::uint32_t i = 0; i < locks.size(); ++i) {
    locks[i].dump = dump_index;
    locks[i].lock = {i};
  }
  for (const Wait& wait : dump.waits) {
    if (wait.lock.index >= locks.size() || wait.thread.index >= dump.threads.size()) continue;
    Queue& queue = locks[wait.lock.index].waiting;
    (wait.mode == LockMode::kShared ? queue.shared : queue.exclusive) += dump.threads[wait.thread.index].count;
  }
  for (const Hold& hold : dump.holds) {
    if (hold.lock.index < locks.size()) locks[hold.lock.index].holds.push_back(&hold);
  }
  return locks;
}

}  // namespace

LockIds::LockIds(const Recording& recording, const Analysis& analysis, const std::vector<std::size_t>& dumps)
    : directory_(recording), number_(directory_.size(), 0) {
  std::set<std::size_t> shown(dumps.begin(), dumps.end());
  for (const Finding& finding : analysis.findings) {
    if (finding.dump < recording.dumps.size()) shown.insert(finding.dump);
  }
  std::vector<std::vector<LockInDump>> seen(directory_.size());
  std::vector<std::uint64_t> most_waiting(directory_.size(), 0);
  for (const std::size_t dump : shown) {
    for (LockInDump& lock : locks_of(recording, dump)) {
      const std::uint32_t identity = directory_.identity(dump, lock.lock);
      most_waiting[identity] = std::max(most_waiting[identity], lock.waiting.total());
      const bool held = !lock.holds.empty() || recording.dumps[dump].locks[lock.lock.index].owner_not_identified();
      if (lock.waiting.total() != 0 || held) seen[identity].push_back(std::move(lock));
    }
  }
  std::vector<std::uint32_t> order;
  std::vector<bool> taken(directory_.size(), false);
  for (const Finding& finding : analysis.findings) {
    for (const LockId lock : finding.locks) {
      if (finding.dump >= recording.dumps.size() || lock.index >= recording.dumps[finding.dump].locks.size()) continue;
      const std::uint32_t identity = directory_.identity(finding.dump, lock);
      if (taken[identity]) continue;
      taken[identity] = true;
      order.push_back(identity);
      if (seen[identity].empty()) seen[identity].push_back({finding.dump, lock, {}, {}});
    }
  }
  const auto rest = static_cast<std::ptrdiff_t>(order.size());
  for (std::uint32_t i = 0; i < directory_.size(); ++i) {
    if (!taken[i] && !seen[i].empty()) order.push_back(i);
  }
  std::stable_sort(order.begin() + rest, order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return most_waiting[a] > most_waiting[b]; });
  for (const std::uint32_t identity : order) {
    number_[identity] = static_cast<std::uint32_t>(entries_.size() + 1);
    entries_.push_back({"L" + std::to_string(entries_.size() + 1), std::move(seen[identity])});
  }
}

std::string LockIds::id(std::size_t dump, LockId lock) const {
  if (!lock.valid()) return {};
  const std::uint32_t number = number_[directory_.identity(dump, lock)];
  return number == 0 ? std::string() : entries_[number - 1].id;
}

}  // namespace tailback::analyze
