// Snapshots made beforehand, for a capturing thread that must not allocate and a writing thread that gives them back.
//
// Thread safety: one thread takes, one gives back.
#pragma once

#include <array>
#include <atomic>

#include "runtime/locks/registry.h"

namespace tailback::locks {

class SnapshotPool {
 public:
  SnapshotPool() {
    // Address space, not memory: pages that are never written are never there.
    for (Entry& entry : entries_) entry.snapshot.reserve(1u << 16, 1u << 16, 1u << 14);
  }

  /// What the registry says now; null when it knows no thread, or all snapshots are in use.
  const Snapshot* take() noexcept {
    if (record_count() == 0) return nullptr;
    for (Entry& entry : entries_) {
      if (entry.used.load(std::memory_order_acquire)) continue;
      take_snapshot(entry.snapshot, Growth::kForbidden);
      entry.used.store(true, std::memory_order_relaxed);
      return &entry.snapshot;
    }
    return nullptr;
  }

  void give_back(const Snapshot* snapshot) noexcept {
    for (Entry& entry : entries_) {
      if (&entry.snapshot == snapshot) entry.used.store(false, std::memory_order_release);
    }
  }

 private:
  struct Entry {
    Snapshot snapshot;
    std::atomic<bool> used{false};
  };
  std::array<Entry, 8> entries_;
};

}  // namespace tailback::locks
