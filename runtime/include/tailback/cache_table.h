// RefreshCache's table: what a read meets is one line of slots and the node that it looks for.
//
// std::unordered_map's chains cost a read two to four nodes more (the one before the bucket's first, those of other buckets' hashes up to the
// end of the chain), and each is a miss in the processor's caches and its page table's. Here a slot has the whole hash beside the node's
// address, so that only the node that fits is looked into. Linear probing; erasing moves followers back, so that no tombstones stay.
//
// Thread safety: as a standard container's. Nodes keep their address until they are erased.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

namespace tailback::detail {

/// MurmurHash3's finaliser: std::hash of an integer is the integer, and shard and slot want all its bits.
constexpr std::uint64_t mix_hash(std::uint64_t hash) noexcept {
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdull;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
  return hash ^ hash >> 33;
}

template <class Key, class Entry, class Equal>
class CacheTable {
 public:
  CacheTable() = default;
  ~CacheTable() {
    for (const Slot& slot : slots_) {
      if (slot.node != nullptr) destroy(slot.node);
    }
  }
  CacheTable(const CacheTable&) = delete;
  CacheTable& operator=(const CacheTable&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  Entry* find(const Key& key, std::uint64_t hash) const {
    const std::size_t at = place_of(key, hash);
    return at == kNone ? nullptr : &slots_[at].node->entry;
  }

  /// Of a key that is not there yet.
  Entry& add(const Key& key, std::uint64_t hash) {
    if ((size_ + 1) * 8 > slots_.size() * 7) grow();
    auto* node = static_cast<Node*>(memory_.allocate(sizeof(Node), alignof(Node)));
    try {
      new (node) Node(key);
    } catch (...) {
      memory_.deallocate(node, sizeof(Node), alignof(Node));
      throw;
    }
    put(slots_, {hash, node});
    ++size_;
    return node->entry;
  }

  bool erase(const Key& key, std::uint64_t hash) {
    const std::size_t at = place_of(key, hash);
    if (at != kNone) erase_at(at);
    return at != kNone;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.node != nullptr) visit(std::as_const(slot.node->key), slot.node->entry);
    }
  }

  /// Each entry is asked at least once; one that moves from the begin of the slots to their end is asked again.
  template <class Unwanted>
  void erase_if(Unwanted unwanted) {
    for (std::size_t at = 0; at < slots_.size();) {
      Node* node = slots_[at].node;
      if (node != nullptr && unwanted(std::as_const(node->key), node->entry)) {
        erase_at(at);  // and another may have come to its place
      } else {
        ++at;
      }
    }
  }

  /// Of some entries that follow a place by chance, erases the one of the least age(entry). There must be one.
  template <class Age>
  void erase_least_of(std::size_t some, std::uint64_t chance, Age age) {
    std::size_t least = kNone, seen = 0;
    for (std::size_t i = 0, at = chance & mask(); i < slots_.size() && seen < some; ++i, at = (at + 1) & mask()) {
      if (slots_[at].node == nullptr) continue;
      ++seen;
      if (least == kNone || age(slots_[at].node->entry) < age(slots_[least].node->entry)) least = at;
    }
    erase_at(least);
  }

 private:
  struct Node {
    explicit Node(const Key& of) : key(of) {}
    Key key;
    Entry entry;
  };
  struct Slot {
    std::uint64_t hash = 0;
    Node* node = nullptr;  // null: empty
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr std::size_t kFirstSlots = 16;

  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

  std::size_t place_of(const Key& key, std::uint64_t hash) const {
    if (slots_.empty()) return kNone;
    for (std::size_t at = hash & mask(); slots_[at].node != nullptr; at = (at + 1) & mask()) {
      if (slots_[at].hash == hash && Equal{}(slots_[at].node->key, key)) return at;
    }
    return kNone;
  }

  static void put(std::vector<Slot>& slots, Slot slot) noexcept {
    const std::size_t mask = slots.size() - 1;
    std::size_t at = slot.hash & mask;
    while (slots[at].node != nullptr) at = (at + 1) & mask;
    slots[at] = slot;
  }

  void grow() {
    std::vector<Slot> larger(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.node != nullptr) put(larger, slot);
    }
    slots_.swap(larger);
  }

  void erase_at(std::size_t hole) {
    destroy(slots_[hole].node);
    --size_;
    // A follower may fill the hole unless that lies before the slot where its search begins.
    for (std::size_t at = (hole + 1) & mask(); slots_[at].node != nullptr; at = (at + 1) & mask()) {
      const std::size_t begin = slots_[at].hash & mask();
      if (((at - begin) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
  }

  void destroy(Node* node) noexcept {
    node->~Node();
    memory_.deallocate(node, sizeof(Node), alignof(Node));
  }

  // Nodes lie together, not between all that the service allocates: a read meets fewer pages.
  std::pmr::unsynchronized_pool_resource memory_;
  std::vector<Slot> slots_;  // a power of two, seven eighths of them taken at most
  std::size_t size_ = 0;
};

}  // namespace tailback::detail
