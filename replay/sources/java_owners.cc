#include "replay/sources/java_owners.h"

#include <unordered_map>

namespace tailback::replay {

ToldOwners::ToldOwners(Dump& dump, JavaThreads& threads) : dump_(dump), threads_(threads) {
  for (const Hold& hold : dump.holds) known_.insert(key(hold.lock, hold.thread));
}

void ToldOwners::add(LockId lock, ThreadIndex thread, std::string_view name) {
  if (thread) {
    if (known_.insert(key(lock, thread)).second) threads_.owns_lock(thread, lock);
    return;
  }
  ++not_identified_;
  std::string& owner = dump_.locks[lock.index].owner;
  if (owner.empty()) owner = std::string(name.empty() ? "unnamed" : name) + std::string(kNotIdentified);
}

std::size_t ToldOwners::finish() {
  for (const Hold& hold : dump_.holds) {
    if (dump_.locks[hold.lock.index].owner_not_identified()) dump_.locks[hold.lock.index].owner.clear();
  }
  return not_identified_;
}

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
  ToldOwners told(builder.dump(), threads);
  for (const Owned& owned : owned_) {
    ThreadIndex thread = owned.id.empty() ? ThreadIndex{} : find(of_id, owned.id);
    if (!thread && !owned.name.empty()) thread = find(of_name, owned.name);
    LockKind kind = owned.monitor ? LockKind::kMonitor : java_lock_kind(owned.class_name);
    if (kind == LockKind::kUnknown) kind = LockKind::kMutex;
    const LockId lock = threads.lock_of({owned.lock, owned.class_name}, kind);
    told.add(lock, thread, owned.name.empty() ? owned.id : owned.name);
  }
  owned_.clear();
  return told.finish();
}

}  // namespace tailback::replay
