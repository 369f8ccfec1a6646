// RefreshCache's table: what a read meets is one line of slots and the node that it looks for.
//
// std::unordered_map's chains cost a read two to four nodes more (the one before the bucket's first, those of other buckets' hashes up to the
// end of the chain), and each is a miss in the processor's caches and its page table's. Here a slot has the whole hash beside the node's
// address, so that only the node that fits is looked into. Linear probing; erasing moves followers back, so that no tombstones stay.
//
// Thread safety: as a standard container's; and find() within a CacheVisit may run beside all else. It may then miss a key whose slot is being
// moved, but finds none that isn't there. What it may have seen is kept until release(). A node keeps its address, and is shared: who reads may
// take a share of it along.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <tailback/cache_readers.h>

namespace tailback::detail {

/// std::hash of an integer is the integer, and shard and slot want all its bits: both halves of a product (as wyhash and others fold).
constexpr std::uint64_t mix_hash(std::uint64_t hash) noexcept {
  __extension__ using Product = unsigned __int128;
  const Product product = static_cast<Product>(hash ^ 0xff51afd7ed558ccdull) * 0x9e3779b97f4a7c15ull;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Key, class Entry, class Equal>
class CacheTable {
 public:
  struct Node {
    explicit Node(Key of) : key(std::move(of)) {}
    std::shared_ptr<Node> self;  // the table's share
    const Key key;
    Entry entry;
    Node* next_retired = nullptr;

    static Node* own(std::shared_ptr<Node> node) noexcept {
      Node* const raw = node.get();
      raw->self = std::move(node);
      return raw;
    }
    static void drop(Node* node) noexcept { const auto last = std::move(node->self); }
  };
  /// Nodes out of the table and of all readers' reach. Their end is user code's: it comes when the lock has been given up.
  class Released {
   public:
    Released() = default;
    ~Released() { free_chain(chain_, &Node::drop); }
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;
    void add(Node* node) noexcept { node->next_retired = std::exchange(chain_, node); }

   private:
    Node* chain_ = nullptr;
  };

  CacheTable() = default;
  ~CacheTable() {
    for_each_node(&Node::drop);
    retired_nodes_.take_all(&Node::drop);
    retired_slots_.take_all(&Slots::destroy);
    if (Slots* slots = slots_.load()) Slots::destroy(slots);
  }
  CacheTable(const CacheTable&) = delete;
  CacheTable& operator=(const CacheTable&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  Entry* find(const Key& key, std::uint64_t hash) const {
    Node* node = find_node(key, hash);
    return node == nullptr ? nullptr : &node->entry;
  }
  Node* find_node(const Key& key, std::uint64_t hash) const { return look(key, hash).node; }

  /// Of a key that is not there yet.
  Entry& add(const Key& key, std::uint64_t hash) { return add_node(key, hash)->entry; }
  Node* add_node(const Key& key, std::uint64_t hash) {
    const Slots* slots = slots_.load();
    if (slots == nullptr || (size_ + 1) * 8 > (slots->mask + 1) * 7) grow();
    Node* node = Node::own(std::make_shared<Node>(key));
    put(*slots_.load(), hash, node);
    ++size_;
    return node;
  }

  /// Puts a node of the same key into the place of one that is there.
  void replace(Node* old, Node* fresh, std::uint64_t hash) noexcept {
    const Slots& slots = *slots_.load();
    std::size_t at = hash & slots.mask;
    while (slots[at].node.load() != old) at = (at + 1) & slots.mask;
    slots[at].node.store(fresh);
    retired_nodes_.add(old);
  }

  bool erase(const Key& key, std::uint64_t hash) {
    const Found found = look(key, hash);
    if (found.node != nullptr) erase_at(found.at);
    return found.node != nullptr;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for_each_node([&visit](Node* node) { visit(std::as_const(node->key), node->entry); });
  }

  /// Each entry is asked at least once; one that moves from the begin of the slots to their end is asked again.
  template <class Unwanted>
  void erase_if(Unwanted unwanted) {
    Slots* slots = slots_.load();
    for (std::size_t at = 0; slots != nullptr && at <= slots->mask;) {
      Node* node = (*slots)[at].node.load();
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
    const Slots& slots = *slots_.load();
    Found least;
    for (std::size_t i = 0, seen = 0, at = chance & slots.mask; i <= slots.mask && seen < some; ++i, at = (at + 1) & slots.mask) {
      Node* node = slots[at].node.load();
      if (node == nullptr) continue;
      ++seen;
      if (least.node == nullptr || age(node->entry) < age(least.node->entry)) least = {at, node};
    }
    erase_at(least.at);
  }

  /// Hands over what was erased or replaced and is out of the readers' reach. The rest waits for the next time.
  void release(CacheReaders& readers, Released& released) noexcept {
    free_chain(retired_nodes_.take(readers), [&released](Node* node) { released.add(node); });
    free_chain(retired_slots_.take(readers), &Slots::destroy);
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> hash{0};  // another node's while the slot is being moved: the key decides
    std::atomic<Node*> node{nullptr};    // null: empty
  };
  // A power of two of slots follow it, seven eighths of them taken at most.
  struct alignas(64) Slots {
    const std::size_t mask;
    Slots* next_retired = nullptr;

    explicit Slots(std::size_t count) : mask(count - 1) { std::uninitialized_value_construct_n(begin(), count); }
    static Slots* make(std::size_t count) {
      return new (::operator new(sizeof(Slots) + count * sizeof(Slot), std::align_val_t(alignof(Slots)))) Slots(count);
    }
    static void destroy(Slots* slots) noexcept { ::operator delete(slots, std::align_val_t(alignof(Slots))); }
    [[nodiscard]] Slot* begin() const noexcept { return reinterpret_cast<Slot*>(const_cast<Slots*>(this) + 1); }
    Slot& operator[](std::size_t at) const noexcept { return begin()[at]; }
  };
  static_assert(std::is_trivially_destructible_v<Slot>);
  struct Found {
    std::size_t at = 0;
    Node* node = nullptr;  // null: not found
  };
  static constexpr std::size_t kFirstSlots = 16;

  Found look(const Key& key, std::uint64_t hash) const {
    const Slots* slots = slots_.load();
    if (slots == nullptr) return {};
    // Ends for a reader, too, whatever is moved under its eyes.
    for (std::size_t i = 0, at = hash & slots->mask; i <= slots->mask; ++i, at = (at + 1) & slots->mask) {
      Node* node = (*slots)[at].node.load();
      if (node == nullptr) break;
      if ((*slots)[at].hash.load(std::memory_order_relaxed) == hash && Equal{}(node->key, key)) return {at, node};
    }
    return {};
  }

  template <class Visit>
  void for_each_node(Visit visit) const {
    const Slots* slots = slots_.load();
    for (std::size_t at = 0; slots != nullptr && at <= slots->mask; ++at) {
      if (Node* node = (*slots)[at].node.load()) visit(node);
    }
  }

  static void put(const Slots& slots, std::uint64_t hash, Node* node) noexcept {
    std::size_t at = hash & slots.mask;
    while (slots[at].node.load() != nullptr) at = (at + 1) & slots.mask;
    slots[at].hash.store(hash, std::memory_order_relaxed);
    slots[at].node.store(node);
  }

  void grow() {
    Slots* old = slots_.load();
    Slots* larger = Slots::make(old == nullptr ? kFirstSlots : (old->mask + 1) * 2);
    for (std::size_t at = 0; old != nullptr && at <= old->mask; ++at) {
      if (Node* node = (*old)[at].node.load()) put(*larger, (*old)[at].hash.load(std::memory_order_relaxed), node);
    }
    slots_.store(larger);
    if (old != nullptr) retired_slots_.add(old);
  }

  void erase_at(std::size_t hole) {
    const Slots& slots = *slots_.load();
    Node* gone = slots[hole].node.load();
    // A follower may fill the hole unless that lies before the slot where its search begins.
    for (std::size_t at = (hole + 1) & slots.mask; Node* node = slots[at].node.load(); at = (at + 1) & slots.mask) {
      const std::uint64_t hash = slots[at].hash.load(std::memory_order_relaxed);
      if (((at - hash) & slots.mask) < ((at - hole) & slots.mask)) continue;
      slots[hole].hash.store(hash, std::memory_order_relaxed);
      slots[hole].node.store(node);
      hole = at;
    }
    slots[hole].node.store(nullptr);
    --size_;
    retired_nodes_.add(gone);
  }

  std::atomic<Slots*> slots_{nullptr};
  std::size_t size_ = 0;
  RetiredChain<Node> retired_nodes_;
  RetiredChain<Slots> retired_slots_;
};

}  // namespace tailback::detail
