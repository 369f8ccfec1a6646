#include "samples/deadlock_service/key_set.h"

#include <mutex>
#include <shared_mutex>

namespace deadlock_service {

WriterPreferringMutex::WriterPreferringMutex() {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&lock_, &attributes);
  pthread_rwlockattr_destroy(&attributes);
}

[[gnu::noinline]] void HashSet::AddOne(const std::string& key) {
  const std::unique_lock hold(mutex_);
  items_.insert(key);
}

[[gnu::noinline]] std::size_t HashSet::Size() {
  const std::shared_lock hold(mutex_);
  return items_.size();
}

[[gnu::noinline]] std::vector<std::string> HashSet::Values(const std::function<void()>& walking) {
  const std::shared_lock hold(mutex_);
  walking();
  std::vector<std::string> keys;
  keys.reserve(fixed_ ? items_.size() : Size());
  keys.assign(items_.begin(), items_.end());
  return keys;
}

bool HashSet::writer_waits() {
  if (!mutex_.try_lock_shared()) return true;
  mutex_.unlock_shared();
  return false;
}

}  // namespace deadlock_service
