#include "replay/sources/java_owners.h"

#include <unordered_map>
#include <unordered_set>

namespace tailback::replay {

void JavaOwners::add(std::string_view id, std::string_view name, JavaLock lock, bool monitor) {
  if (lock.identity != 0) owned_.push_back({std::string(id), std::string(name), lock.identity, std::string(lock.class_name), monitor});
}

std::size_t JavaOwners::resolve(DumpBuilder& builder, JavaThreads& threads) {
  if (owned_.empty()) return 0;
  const Dump& dump = builder.dump();
  std::unordered_map<std::string_view, ThreadIndex> of_id, of_name;  // without a thread where several have the name
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
    of_id.try_emplace(dump.threads[i].id, ThreadIndex{i});
    const auto [known, added] = of_name.try_emplace(builder.table().text(dump.threads[i].name), ThreadIndex{i});
    if (!added) known->second = {};
  }
  const auto find = [](const auto& map, std::string_view key) {
    const auto known = map.find(key);
    return known == map.end() ? ThreadIndex{} : known->second;
  };
  const auto key = [](LockId lock, ThreadIndex thread) { return std::uint64_t{lock.index} << 32 | thread.index; };
  std::unordered_set<std::uint64_t> known;
  for (const Hold& hold : dump.holds) known.insert(key(hold.lock, hold.thread));
  std::size_t unknown = 0;
  for (const Owned& owned : owned_) {
    ThreadIndex thread = owned.id.empty() ? ThreadIndex{} : find(of_id, owned.id);
    if (!thread && !owned.name.empty()) thread = find(of_name, owned.name);
    LockKind kind = owned.monitor ? LockKind::kMonitor : java_lock_kind(owned.class_name);
    if (kind == LockKind::kUnknown) kind = LockKind::kMutex;
    const LockId lock = threads.lock_of({owned.lock, owned.class_name}, kind);
    if (!thread) {
      ++unknown;
      threads.owner_not_identified(lock, owned.name.empty() ? owned.id : owned.name);
      continue;
    }
    if (known.insert(key(lock, thread)).second) threads.owns_lock(thread, lock);
  }
  threads.prefer_shown_owners();
  owned_.clear();
  return unknown;
}

}  // namespace tailback::replay
