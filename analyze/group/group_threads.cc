#include "analyze/group/group_threads.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace tailback::analyze {
namespace {

struct Key {
  std::uint32_t shape = 0;
  std::uint32_t lock = 0;
  std::uint32_t arguments = 0;
  std::uint32_t absence = 0;
  std::uint8_t mode = 0;
  std::uint8_t state = 0;

  friend bool operator==(const Key&, const Key&) = default;
};

struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::uint64_t hash = (std::uint64_t{key.shape} << 32) | key.lock;
    hash = (hash ^ (hash >> 31)) * 0x9e3779b97f4a7c15u;
    hash ^= (std::uint64_t{key.arguments} << 24) ^ (std::uint64_t{key.absence} << 8) ^ (std::uint64_t{key.mode} << 4) ^ key.state;
    hash *= 0xff51afd7ed558ccdu;
    return hash ^ (hash >> 33);
  }
};

constexpr std::uint32_t kAnyShape = 0xffffffffu;

Key key_of(const ThreadRecord& thread, const Wait* wait, GroupBy level, ShapeTable& shapes) {
  Key key;
  key.lock = wait ? wait->lock.index : LockId::kNone;
  key.mode = wait ? static_cast<std::uint8_t>(wait->mode) : 0;
  if (level == GroupBy::kLock && wait) {
    key.shape = kAnyShape;
    return key;
  }
  key.shape = shapes.shape(thread.stack);
  key.state = static_cast<std::uint8_t>(thread.state);
  // Threads without a stack have nothing in common but the reason why there is none.
  if (!thread.stack.valid()) key.absence = thread.absence_reason.index;
  if (level == GroupBy::kExact) key.arguments = thread.arguments.index;
  return key;
}

void add_thread(Group& group, const ThreadRecord& thread, ThreadIndex index, const Wait* wait) {
  group.threads.push_back(index);
  group.count += thread.count;
  const std::int64_t waited = waited_ns(thread, wait);
  if (waited < 0) return;
  group.shortest_wait_ns = group.shortest_wait_ns < 0 ? waited : std::min(group.shortest_wait_ns, waited);
  group.longest_wait_ns = std::max(group.longest_wait_ns, waited);
}

}  // namespace

std::vector<const Wait*> waits_by_thread(const Dump& dump) {
  std::vector<const Wait*> waits(dump.threads.size(), nullptr);
  for (const Wait& wait : dump.waits) {
    if (wait.thread.index < waits.size() && wait.lock.index < dump.locks.size() && !waits[wait.thread.index]) {
      waits[wait.thread.index] = &wait;
    }
  }
  return waits;
}

std::int64_t waited_ns(const ThreadRecord& thread, const Wait* wait) {
  return wait && wait->since_ns >= 0 ? wait->since_ns : thread.waited_ns;
}

std::vector<Group> group_threads(const Dump& dump, const std::vector<Activity>& activities, GroupBy level, ShapeTable& shapes) {
  const std::vector<const Wait*> waits = waits_by_thread(dump);
  std::vector<Group> groups;
  std::unordered_map<Key, std::size_t, KeyHash> by_key;
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
    const ThreadRecord& thread = dump.threads[i];
    // Of workers without work the queue that each waits at is of no interest.
    const bool idle = i < activities.size() && activities[i].kind == ActivityKind::kIdle && level != GroupBy::kExact;
    const Key key = key_of(thread, idle ? nullptr : waits[i], level, shapes);
    const auto [slot, added] = by_key.try_emplace(key, groups.size());
    if (added) {
      Group group;
      group.shape = key.shape;
      group.stack = thread.stack;
      group.state = thread.state;
      if (i < activities.size()) group.activity = activities[i].kind;
      if (waits[i]) {
        group.lock = waits[i]->lock;
        group.mode = waits[i]->mode;
      }
      groups.push_back(std::move(group));
    }
    add_thread(groups[slot->second], thread, {i}, waits[i]);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.count > b.count; });
  return groups;
}

}  // namespace tailback::analyze
