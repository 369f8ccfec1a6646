#include "replay/sources/javacore_locks.h"

#include "replay/sources/java_owners.h"
#include "replay/sources/scan.h"

namespace tailback::replay {

void JavacoreLocks::begin_monitor(std::string_view object, bool system) {
  monitor_ = {};
  monitor_.system = system;
  if (system) {  // name lock (0x…)
    const std::size_t bracket = object.rfind(" (0x");
    if (bracket != std::string_view::npos) {
      std::string_view digits = object.substr(bracket + 2);
      monitor_.address = take_hex(digits).value_or(0);
    }
    monitor_.class_name = object.substr(0, bracket);
    return;
  }
  const JavaLock lock = parse_java_lock(object);
  monitor_.address = lock.identity;
  monitor_.class_name = lock.class_name;
}

void JavacoreLocks::object_monitor(std::string_view text) {
  begin_monitor(take_until(text, ": "), false);
  add_owner(text);
}

void JavacoreLocks::system_monitor(std::string_view text) {
  begin_monitor(take_until(text, ": "), true);
  add_owner(text);
}

void JavacoreLocks::add_owner(std::string_view text) {
  if (monitor_.address == 0) return;
  const JavacoreOwner owner = parse_javacore_owner(text);
  Owned owned;
  constexpr std::string_view kIdent = "thread ident ";
  if (const std::size_t at = text.find(kIdent); at != std::string_view::npos && !owner.told()) {
    std::string_view digits = text.substr(at + kIdent.size());
    owned.ident = take_hex(digits).value_or(0);
  }
  if (!owner.told() && owned.ident == 0) return;
  owned.address = owner.address;
  owned.name = owner.name;
  owned.ended = owner.ended;
  owned.lock = monitor_.address;
  owned.class_name = monitor_.class_name;
  owned.counts = !monitor_.system;
  monitor_.owned = true;
  owned_.push_back(std::move(owned));
  if (monitor_.system) monitor_.pending_owner = owned_.size();
}

void JavacoreLocks::waiter(std::string_view text, JavacoreWait::How how) {
  if (monitor_.address == 0) return;
  if (monitor_.system && how == JavacoreWait::How::kNotify) return;  // the VM's own threads, idle; sleepers
  if (monitor_.pending_owner != 0) owned_[monitor_.pending_owner - 1].counts = true;
  add_wait(parse_javacore_owner(text), {how, monitor_.address, monitor_.class_name, monitor_.owned});
}

void JavacoreLocks::add_wait(const JavacoreOwner& thread, JavacoreWait wait) {
  if (thread.address != 0) wait_of_address_.try_emplace(thread.address, std::move(wait));
  else if (!thread.name.empty()) wait_of_name_.try_emplace(std::string(thread.name), std::move(wait));
}

void JavacoreLocks::thread_ident(std::string_view text) {
  if (!skip(text, "ident ")) return;
  const auto ident = take_hex(text);
  const JavacoreOwner thread = parse_javacore_owner(text);
  if (ident && thread.address != 0) address_of_ident_.emplace(*ident, thread.address);
}

void JavacoreLocks::deadlock_thread(std::string_view text) {
  const JavacoreOwner thread = parse_javacore_owner(text);
  if (deadlock_.address != 0) owned(thread, deadlock_.lock(), deadlock_.how == JavacoreWait::How::kEnter ? LockKind::kMonitor : java_lock_kind(deadlock_.class_name));
  deadlock_ = {};
  deadlock_.how = JavacoreWait::How::kPark;  // unless a monitor is named before the object
  deadlock_name_ = thread.name;
  deadlock_address_ = thread.address;
}

void JavacoreLocks::deadlock_object(std::string_view text) {
  begin_monitor(text, text.find('@') == std::string_view::npos);
  deadlock_.address = monitor_.address;
  deadlock_.class_name = monitor_.class_name;
  deadlock_.owned = true;
  if (monitor_.system) deadlock_.how = JavacoreWait::How::kEnter;
  monitor_ = {};
  if (deadlock_.address == 0) return;
  JavacoreOwner thread;
  thread.name = deadlock_name_;
  thread.address = deadlock_address_;
  add_wait(thread, deadlock_);
}

void JavacoreLocks::owned(const JavacoreOwner& owner, JavaLock lock, LockKind kind) {
  if (!owner.told() || lock.identity == 0) return;
  Owned owned;
  owned.address = owner.address;
  owned.name = owner.name;
  owned.ended = owner.ended;
  owned.lock = lock.identity;
  owned.class_name = lock.class_name;
  owned.kind = kind;
  owned_.push_back(std::move(owned));
}

const JavacoreWait* JavacoreLocks::wait_of(const JavacoreThread& thread) const {
  for (const std::uint64_t address : thread.addresses) {
    const auto known = address == 0 ? wait_of_address_.end() : wait_of_address_.find(address);
    if (known != wait_of_address_.end()) return &known->second;
  }
  const auto known = wait_of_name_.find(std::string(thread.name));
  return known == wait_of_name_.end() ? nullptr : &known->second;
}

ThreadIndex JavacoreLocks::thread_of(const JavacoreThread& thread) const {
  const auto known = thread_of_address_.find(thread.addresses[0]);  // the first is the thread's own
  return known == thread_of_address_.end() ? ThreadIndex{} : known->second;
}

void JavacoreLocks::add_thread(const JavacoreThread& thread, ThreadIndex index) {
  for (const std::uint64_t address : thread.addresses) {
    if (address != 0) thread_of_address_.try_emplace(address, index);
  }
  const auto [known, added] = thread_of_name_.try_emplace(std::string(thread.name), index);
  if (!added) known->second = {};
}

ThreadIndex JavacoreLocks::thread_of(const Owned& owned) const {
  std::uint64_t address = owned.address;
  if (owned.ident != 0) {
    const auto ident = address_of_ident_.find(owned.ident);
    if (ident == address_of_ident_.end()) return {};
    address = ident->second;
  }
  if (address != 0 && !thread_of_address_.empty()) {
    const auto known = thread_of_address_.find(address);
    return known == thread_of_address_.end() ? ThreadIndex{} : known->second;
  }
  const auto known = thread_of_name_.find(owned.name);
  return known == thread_of_name_.end() ? ThreadIndex{} : known->second;
}

std::size_t JavacoreLocks::resolve(DumpBuilder& builder, JavaThreads& threads) {
  ToldOwners told(builder.dump(), threads);
  for (const Owned& owned : owned_) {
    if (!owned.counts) continue;
    const LockId lock = threads.lock_of({owned.lock, owned.class_name}, owned.kind);
    if (!owned.ended) told.add(lock, thread_of(owned), owned.name);
    else builder.dump().locks[lock.index].owner = owned.name + (thread_of_name_.contains(owned.name) ? " (ended)" : "");  // a thread that lives may have its name
  }
  *this = {};
  return told.finish();
}

}  // namespace tailback::replay
