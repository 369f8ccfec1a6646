#include "analyze/classify/lock_binder.h"

#include <algorithm>
#include <unordered_set>

namespace tailback::analyze {
namespace {

/// Larger objects are rare, and a larger distance between a receiver and a lock is chance.
constexpr std::uint64_t kLargestOffset = 4096;

void add_once(std::vector<std::uint64_t>& values, std::uint64_t value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

std::uint64_t address_key(std::uint64_t address, LockKind kind) {
  // A condition may begin where its mutex does; mutex kinds are one thing.
  const bool condition = kind == LockKind::kCondition;
  return (address << 1) | (condition ? 1u : 0u);
}

LockPolicy default_policy(Runtime runtime, LockKind kind) {
  if (runtime == Runtime::kGo && kind == LockKind::kRwlock) return LockPolicy::kPreferWriters;
  // rw_semaphore: a reader queues behind a writer that waits (rwsem_down_read_slowpath in kernel/locking/rwsem.c).
  if (runtime == Runtime::kKernel && kind == LockKind::kRwlock) return LockPolicy::kFifo;
  return LockPolicy::kUnknown;
}

/// "malloc" asks for a lock of the C library's own, whoever calls it; what a once runs, and C++ templates, ask for the program's.
bool is_of_c_library(std::string_view function, const WaitSite& site) {
  return (site.lock == LockKind::kMutex || site.lock == LockKind::kRwlock) && !function.empty() && function != "??" && function.find_first_of(":<") == std::string_view::npos;
}

/// "main.HashSet" of "main.(*HashSet)".
std::string plain_type(std::string_view type) {
  std::string name(type);
  if (const std::size_t open = name.find("(*"); open != std::string::npos && name.ends_with(')')) {
    name.erase(open, 2);
    name.pop_back();
  }
  if (const std::size_t slash = name.rfind('/', name.find('[')); slash != std::string::npos) name.erase(0, slash + 1);
  return name;
}

}  // namespace

LockBinder::LockBinder(Recording& recording, Dump& dump, const RuntimeRules& rules) : recording_(recording), dump_(dump), rules_(rules) {
  for (std::size_t i = 0; i < dump.locks.size(); ++i) {
    const Lock& lock = dump.locks[i];
    if (lock.address != 0) address_locks_.emplace(address_key(lock.address, lock.kind), LockId{static_cast<std::uint32_t>(i)});
  }
}

void LockBinder::add(ThreadIndex thread, const WaitSite& site) {
  const ThreadView view(recording_.table, dump_.threads[thread.index]);
  Pending pending{thread, site, rules_.lock_address(view, site), {}, 0, 0};
  if (rules_.front != nullptr && rules_.front(view, site, pending.address)) pending.site.front = true;
  // Of a library's frames, such as what a std::call_once runs, the class says nothing.
  const std::size_t next = site.activity.wait_frame + std::size_t{1};
  const std::size_t own = rules_.runtime == Runtime::kNative ? own_frame(rules_, recording_.table, view, next) : next;
  if (own < view.size() && !(own > next && is_of_c_library(view.function(next), site))) pending.receiver = rules_.receiver(view, own);
  if (!pending.receiver.type.empty()) {
    const auto found = types_.find(pending.receiver.type);
    pending.type = found != types_.end() ? found->second : types_.emplace(pending.receiver.type, types_.size() + 1).first->second;
  }
  pending_.push_back(pending);
}

void LockBinder::bind() {
  learn_offsets();
  trust_objects();
  use_objects();
  // Locks with an address first, so that the weaker ways can join them.
  std::stable_sort(pending_.begin(), pending_.end(), [](const Pending& a, const Pending& b) {
    const auto rank = [](const Pending& p) { return p.address != 0 ? 0 : p.object != 0 ? 1 : p.type != 0 ? 2 : 3; };
    return rank(a) < rank(b);
  });
  dump_.waits.reserve(dump_.waits.size() + pending_.size());
  for (const Pending& pending : pending_) {
    Wait wait;
    wait.thread = pending.thread;
    wait.lock = lock_of(pending);
    wait.mode = pending.site.mode;
    wait.front = pending.site.front;
    wait.frame = pending.site.activity.wait_frame;
    wait.since_ns = dump_.threads[pending.thread.index].waited_ns;
    dump_.waits.push_back(wait);
  }
}

void LockBinder::learn_offsets() {
  for (const Pending& p : pending_) {
    if (p.address == 0 || p.type == 0 || p.receiver.value == 0 || p.receiver.uncertain) continue;
    if (p.address - p.receiver.value < kLargestOffset) add_once(offsets_[key(p.type, p.site.lock)], p.address - p.receiver.value);
  }
}

/// A receiver that may be stale is trusted when an exact one of the same type equals it.
void LockBinder::trust_objects() {
  std::unordered_map<std::uint32_t, std::unordered_set<std::uint64_t>> exact;
  std::unordered_map<std::uint32_t, std::unordered_map<std::uint64_t, std::uint32_t>> uncertain;
  for (const Pending& p : pending_) {
    if (p.type == 0 || p.receiver.value == 0) continue;
    if (p.receiver.uncertain) ++uncertain[p.type][p.receiver.value];
    else exact[p.type].insert(p.receiver.value);
  }
  for (Pending& p : pending_) {
    if (p.type == 0 || p.receiver.value == 0) continue;
    if (!p.receiver.uncertain || exact[p.type].contains(p.receiver.value)) p.object = p.receiver.value;
    // Nothing stale is the same in many stacks by chance.
    else if (uncertain[p.type][p.receiver.value] >= 3) p.object = p.receiver.value;
  }
}

/// The address of a lock that the dump does not print, from its object and the offset that another waiter has shown.
void LockBinder::use_objects() {
  std::unordered_map<TypeKey, std::vector<std::uint64_t>> addresses;
  for (const Pending& p : pending_) {
    if (p.address != 0 && p.type != 0) add_once(addresses[key(p.type, p.site.lock)], p.address);
  }
  for (Pending& p : pending_) {
    if (p.address != 0 || p.type == 0 || p.receiver.value == 0) continue;
    const TypeKey type = key(p.type, p.site.lock);
    const std::vector<std::uint64_t>& known = addresses[type];
    const auto offsets = offsets_.find(type);
    if (offsets != offsets_.end() && offsets->second.size() == 1) {
      const std::uint64_t address = p.receiver.value + offsets->second.front();
      const bool seen = std::find(known.begin(), known.end(), address) != known.end();
      if (p.object != 0 || seen) p.address = address;
    } else if (offsets == offsets_.end()) {
      // No waiter shows both: an address of the same type just behind the receiver is the field.
      for (const std::uint64_t address : known) {
        if (address - p.receiver.value < kLargestOffset / 4) p.address = address;
      }
    }
  }
}

LockId LockBinder::lock_of(const Pending& p) {
  if (p.address != 0) return by_address(p);
  if (p.site.of_the_place) return by_site(p);
  if (p.type != 0) return by_type(p);
  return by_site(p);
}

LockId LockBinder::by_address(const Pending& p) {
  const auto [found, added] = address_locks_.try_emplace(address_key(p.address, p.site.lock));
  if (added) found->second = add_lock(p, p.address, name_of(p));
  Lock& lock = dump_.locks[found->second.index];
  if (lock.kind == LockKind::kUnknown || lock.kind == LockKind::kFutex) lock.kind = p.site.lock;
  if (lock.policy == LockPolicy::kUnknown) lock.policy = default_policy(recording_.info.runtime, lock.kind);
  if (!lock.name.valid() || recording_.table.text(lock.name).empty()) {
    if (const std::string name = name_of(p); !name.empty()) lock.name = recording_.table.intern(name);
  }
  if (p.type != 0) {
    std::vector<LockId>& locks = locks_of_type_[key(p.type, p.site.lock)];
    if (std::find(locks.begin(), locks.end(), found->second) == locks.end()) locks.push_back(found->second);
  }
  return found->second;
}

LockId LockBinder::by_type(const Pending& p) {
  const TypeKey type = key(p.type, p.site.lock);
  std::vector<LockId>& locks = locks_of_type_[type];
  // An object that is not known joins the only lock of its type.
  if (p.object == 0 && locks.size() == 1) return locks.front();
  const auto [found, added] = object_locks_.try_emplace({type, p.object});
  if (added) {
    found->second = add_lock(p, 0, plain_type(p.receiver.type));
    locks.push_back(found->second);
  }
  return found->second;
}

LockId LockBinder::by_site(const Pending& p) {
  const ThreadView view(recording_.table, dump_.threads[p.thread.index]);
  const std::size_t asking = p.site.activity.wait_frame + std::size_t{1};
  // Of a stack of which no more was printed, `info threads`' innermost frames, all that is known is the function that waits.
  std::string site(view.function(asking < view.size() ? asking : 0));
  site += static_cast<char>('0' + static_cast<int>(p.site.lock));
  if (p.site.of_the_place && p.site.activity.wait_frame + std::size_t{1} < view.size()) {
    // A function has as many guards as it has static variables.
    const Frame& frame = view.frame(p.site.activity.wait_frame + std::size_t{1});
    site += "@" + std::to_string(frame.line != 0 ? frame.line : frame.address);
  }
  const auto [found, added] = site_locks_.try_emplace(std::move(site));
  if (added) found->second = add_lock(p, 0, p.site.of_the_place ? plain_type(p.receiver.type) : std::string());
  return found->second;
}

LockId LockBinder::add_lock(const Pending& p, std::uint64_t address, std::string name) {
  Lock lock;
  lock.address = address;
  lock.kind = p.site.lock;
  lock.policy = default_policy(recording_.info.runtime, p.site.lock);
  if (!name.empty()) lock.name = recording_.table.intern(name);
  dump_.locks.push_back(lock);
  return {static_cast<std::uint32_t>(dump_.locks.size() - 1)};
}

/// "main.HashSet", with the field's offset where it is known and not 0. Native locks get better names from debug information.
std::string LockBinder::name_of(const Pending& p) const {
  if (p.type == 0 || rules_.runtime == Runtime::kNative) return {};
  const auto offsets = offsets_.find(key(p.type, p.site.lock));
  std::string name = plain_type(p.receiver.type);
  if (offsets == offsets_.end() || p.object == 0) return name;
  char text[24];
  std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(p.address - p.object));
  return p.address == p.object || p.address - p.object >= kLargestOffset ? name : name + text;
}

}  // namespace tailback::analyze
