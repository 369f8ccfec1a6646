#include "runtime/preload/address_table.h"

#include <atomic>

#include "runtime/locks/futex.h"
#include "runtime/locks/lock_table.h"
#include "runtime/locks/pages.h"

namespace tailback::preload {
namespace {

// Open addressing, linear probing. Address 0 ends a search, kGone does not.
struct Entry {
  std::atomic<std::uint64_t> address, id;
};
constexpr std::uint64_t kGone = 1;
constexpr std::uint64_t kEntries = 1u << 21;  // twice the registry's locks, of 16 bytes; pages that are not used are not there
constexpr std::uint64_t kMostProbes = 4096;

constinit std::atomic<Entry*> table{nullptr};
constinit locks::FutexLock changing;

std::uint64_t start_of(std::uint64_t address) noexcept { return (address >> 3) * 0x9e3779b97f4a7c15 >> 43; }
static_assert(64 - 43 == 21);

Entry* find(Entry* entries, std::uint64_t address) noexcept {
  for (std::uint64_t i = 0, at = start_of(address); i < kMostProbes; ++i, at = (at + 1) % kEntries) {
    const std::uint64_t here = entries[at].address.load(std::memory_order_acquire);
    if (here == address) return &entries[at];
    if (here == 0) return nullptr;
  }
  return nullptr;
}

// With `changing` held.
Entry* room_for(Entry* entries, std::uint64_t address) noexcept {
  for (std::uint64_t i = 0, at = start_of(address); i < kMostProbes; ++i, at = (at + 1) % kEntries) {
    const std::uint64_t here = entries[at].address.load(std::memory_order_relaxed);
    if (here == 0 || here == kGone) return &entries[at];
  }
  return nullptr;
}

Entry* entries_made() noexcept {
  Entry* entries = table.load(std::memory_order_relaxed);
  if (entries == nullptr) {
    entries = static_cast<Entry*>(locks::map_pages(sizeof(Entry) * kEntries));
    table.store(entries, std::memory_order_release);
  }
  return entries;
}

}  // namespace

std::uint64_t find_id(const void* lock) noexcept {
  Entry* entries = table.load(std::memory_order_acquire);
  if (entries == nullptr) return 0;
  const Entry* entry = find(entries, reinterpret_cast<std::uintptr_t>(lock));
  return entry == nullptr ? 0 : entry->id.load(std::memory_order_relaxed);
}

std::uint64_t id_of(const void* lock, lock_kind kind, lock_policy policy) noexcept {
  if (const std::uint64_t known = find_id(lock)) return known;
  const auto address = reinterpret_cast<std::uintptr_t>(lock);
  changing.lock();
  std::uint64_t id = find_id(lock);
  Entry* entries = id == 0 ? entries_made() : nullptr;
  if (entries != nullptr) {
    if (Entry* entry = room_for(entries, address)) {
      id = locks::add_lock(lock, nullptr, kind, policy);
      if (id != 0) {
        entry->id.store(id, std::memory_order_relaxed);
        entry->address.store(address, std::memory_order_release);
      }
    }
  }
  changing.unlock();
  return id;
}

void forget(const void* lock) noexcept {
  if (find_id(lock) == 0) return;
  changing.lock();
  Entry* entry = find(table.load(std::memory_order_relaxed), reinterpret_cast<std::uintptr_t>(lock));
  if (entry != nullptr) {
    locks::remove_lock(entry->id.load(std::memory_order_relaxed));
    entry->address.store(kGone, std::memory_order_release);
  }
  changing.unlock();
}

}  // namespace tailback::preload
