#include "analyze/compare/diff.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "analyze/group/lock_directory.h"
#include "analyze/group/shape_table.h"

namespace tailback::analyze {
namespace {

/// A lock's identity as far as the two dumps can share one.
std::string lock_key(const DiffSide& side, LockId id, bool same_process) {
  const std::vector<Lock>& locks = side.get().locks;
  if (id.index >= locks.size()) return {};
  const Lock& lock = locks[id.index];
  std::string key(to_string(lock.kind));
  key += ' ';
  key += side.recording->table.text(lock.name);
  if (same_process) key += ' ' + (lock.registry_id != 0 ? std::to_string(lock.registry_id) : address_text(lock.address));
  return key;
}

std::string group_key(const DiffSide& side, const Group& group, GroupBy level, bool same_process) {
  std::string key = lock_key(side, group.lock, same_process);
  if (level != GroupBy::kLock || !group.lock.valid()) {
    key += '\n';
    key += to_string(group.state);
    key += '\n';
    key += shape_text(side.recording->table, group.stack, level);
    if (!group.stack.valid()) key += side.recording->table.text(side.get().threads[group.threads.front().index].absence_reason);
  }
  key += group.lock.valid() ? to_string(group.mode) : "";
  return key;
}

/// Whether two dumps are of one process, and from what that is known.
std::pair<bool, std::string> same_process(const DiffSide& before, const DiffSide& after) {
  if (before.recording == after.recording) return {true, "dumps of one recording"};
  const RecordingInfo &a = before.recording->info, &b = after.recording->info;
  if (a.pid != 0 && b.pid != 0) {
    const bool same = a.pid == b.pid && a.host == b.host && (a.started_wall_ns == b.started_wall_ns || a.source != b.source);
    return {same, same ? "the same process id" : "different process ids"};
  }
  if (a.runtime != b.runtime) return {false, "different runtimes"};
  // Ids of threads start anew in each process, and their names and makers differ sooner or later.
  std::unordered_map<std::string_view, const ThreadRecord*> threads;
  for (const ThreadRecord& thread : before.get().threads) threads.emplace(thread.id, &thread);
  std::size_t shared = 0;
  for (const ThreadRecord& thread : after.get().threads) {
    const auto found = threads.find(thread.id);
    if (found == threads.end()) continue;
    const StackTable &x = before.recording->table, &y = after.recording->table;
    if (x.text(found->second->name) == y.text(thread.name) && x.text(found->second->created_by) == y.text(thread.created_by)) ++shared;
  }
  const std::size_t least = std::min(before.get().threads.size(), after.get().threads.size());
  const bool same = least > 0 && shared * 5 >= least * 4;
  return {same, std::to_string(shared) + " of " + std::to_string(least) + " threads have the same id, name and creator in both"};
}

/// Threads by id, only those whose ids are unique in their dump.
std::unordered_map<std::string_view, std::uint32_t> threads_by_id(const Dump& dump) {
  std::unordered_map<std::string_view, std::uint32_t> by_id;
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
    const auto [slot, added] = by_id.try_emplace(dump.threads[i].id, i);
    if (!added) slot->second = ThreadIndex::kNone;
  }
  return by_id;
}

bool used_no_cpu(const ThreadRecord& before, const ThreadRecord& after) {
  return before.cpu_ns < 0 || after.cpu_ns < 0 || before.cpu_ns == after.cpu_ns;
}

class Differ {
 public:
  Differ(const DiffSide& before, const DiffSide& after, GroupBy level) : level_(level) {
    diff_.before = before;
    diff_.after = after;
    std::tie(diff_.same_process, diff_.identity_reason) = same_process(before, after);
    const std::int64_t from = before.get().wall_ns, to = after.get().wall_ns;
    if (from != 0 && to != 0) diff_.seconds = static_cast<double>(to - from) / 1e9;
  }

  Diff run() {
    unmoved_.resize(diff_.after.analysed().groups.size(), 0);
    if (diff_.same_process) match_threads();
    match_groups();
    match_locks();
    return std::move(diff_);
  }

 private:
  void match_groups() {
    std::map<std::string, GroupChange> changes;
    const auto add = [&](const DiffSide& side, bool is_before) {
      const std::vector<Group>& groups = side.analysed().groups;
      for (std::size_t i = 0; i < groups.size(); ++i) {
        GroupChange& change = changes[group_key(side, groups[i], level_, diff_.same_process)];
        (is_before ? change.before : change.after) += groups[i].count;
        if (!is_before) change.unmoved += unmoved_[i];
        std::size_t& index = is_before ? change.group_before : change.group_after;
        if (index == GroupChange::kNone) index = i;  // groups come largest first
      }
    };
    add(diff_.before, true);
    add(diff_.after, false);
    for (auto& [key, change] : changes) {
      change.kind = change.before == 0            ? ChangeKind::kNew
                    : change.after == 0           ? ChangeKind::kGone
                    : change.after > change.before ? ChangeKind::kGrown
                    : change.after < change.before ? ChangeKind::kShrunk
                                                   : ChangeKind::kSame;
      diff_.groups.push_back(change);
    }
    const auto moved = [](const GroupChange& c) { return std::llabs(static_cast<long long>(c.after) - static_cast<long long>(c.before)); };
    std::stable_sort(diff_.groups.begin(), diff_.groups.end(), [&](const GroupChange& a, const GroupChange& b) {
      return std::tuple(moved(a), a.after) > std::tuple(moved(b), b.after);
    });
  }

  void match_locks() {
    std::map<std::string, LockChange> changes;
    const auto add = [&](const DiffSide& side, bool is_before) {
      const Dump& dump = side.get();
      for (const Wait& wait : dump.waits) {
        if (wait.lock.index >= dump.locks.size() || wait.thread.index >= dump.threads.size()) continue;
        LockChange& change = changes[lock_key(side, wait.lock, diff_.same_process)];
        (is_before ? change.before : change.after) = wait.lock;
        (is_before ? change.waiting_before : change.waiting_after) += dump.threads[wait.thread.index].count;
      }
    };
    add(diff_.before, true);
    add(diff_.after, false);
    const auto moved = [](const LockChange& c) { return std::llabs(static_cast<long long>(c.waiting_after) - static_cast<long long>(c.waiting_before)); };
    for (auto& [key, change] : changes) {
      if (moved(change) != 0) diff_.locks.push_back(change);
    }
    std::stable_sort(diff_.locks.begin(), diff_.locks.end(), [&](const LockChange& a, const LockChange& b) { return moved(a) > moved(b); });
  }

  void match_threads() {
    const Dump &before = diff_.before.get(), &after = diff_.after.get();
    const auto old_threads = threads_by_id(before);
    std::uint64_t in_both = 0;
    for (std::size_t g = 0; g < unmoved_.size(); ++g) {
      for (const ThreadIndex index : diff_.after.analysed().groups[g].threads) {
        const ThreadRecord& now = after.threads[index.index];
        const auto then = old_threads.find(now.id);
        if (then == old_threads.end()) {
          diff_.threads_started += now.count;
          continue;
        }
        ++in_both;
        if (then->second == ThreadIndex::kNone) continue;
        const ActivityKind activity = diff_.after.analysed().activities[index.index].kind;
        if (activity == ActivityKind::kIdle || now.state == ThreadState::kIdle || !now.stack.valid()) continue;
        const ThreadRecord& old = before.threads[then->second];
        if (same_stack(old.stack, now.stack) && used_no_cpu(old, now)) unmoved_[g] += now.count;
      }
    }
    diff_.threads_ended = before.threads.size() > in_both ? before.threads.size() - in_both : 0;
    diff_.threads_unmoved = std::accumulate(unmoved_.begin(), unmoved_.end(), std::uint64_t{0});
  }

  bool same_stack(StackId old, StackId now) {
    if (diff_.before.recording == diff_.after.recording) return shape(old) == shape(now);
    return text_of(diff_.before, old, old_texts_) == text_of(diff_.after, now, new_texts_);
  }

  using Texts = std::unordered_map<StackId, std::string>;
  static const std::string& text_of(const DiffSide& side, StackId stack, Texts& texts) {
    const auto [slot, added] = texts.try_emplace(stack);
    if (added) slot->second = shape_text(side.recording->table, stack, GroupBy::kLines);
    return slot->second;
  }

  std::uint32_t shape(StackId stack) {
    if (!shapes_) shapes_.emplace(diff_.before.recording->table, GroupBy::kLines);
    return shapes_->shape(stack);
  }

  GroupBy level_;
  Diff diff_;
  std::vector<std::uint64_t> unmoved_;  // by index of the groups after
  std::optional<ShapeTable> shapes_;
  Texts old_texts_, new_texts_;
};

}  // namespace

std::string_view to_string(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kNew: return "new";
    case ChangeKind::kGone: return "gone";
    case ChangeKind::kGrown: return "grown";
    case ChangeKind::kShrunk: return "shrunk";
    case ChangeKind::kSame: return "same";
  }
  return "same";
}

Diff diff_dumps(const DiffSide& before, const DiffSide& after, GroupBy level) { return Differ(before, after, level).run(); }

}  // namespace tailback::analyze
