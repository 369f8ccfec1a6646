// Helpers of the lock tests: threads are brought to where they wait by looking at the registry, never by sleeping.
#pragma once

#include <functional>
#include <thread>

#include <tailback/lock_identity.h>

#include "runtime/locks/registry.h"

namespace tailback::locks::testing {

inline Snapshot snapshot() {
  Snapshot result;
  take_snapshot(result, Growth::kAllowed);
  return result;
}

inline std::size_t waiting_for(const lock_identity& identity) {
  std::size_t count = 0;
  for (const WaitView& wait : snapshot().waits) count += wait.lock == identity.id() && identity.id() != 0 ? 1 : 0;
  return count;
}

inline void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

/// Until so many threads wait for the lock. The count includes threads that are about to sleep but have said so.
inline void wait_until_waiting(const lock_identity& identity, std::size_t threads) {
  wait_until([&] { return waiting_for(identity) == threads; });
}

}  // namespace tailback::locks::testing
