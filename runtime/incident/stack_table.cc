#include "runtime/incident/stack_table.h"

#include <xxhash.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "runtime/incident/large_pages.h"

namespace tailback {
namespace {

/// Numbered items that never move.
template <class T>
class Numbered {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  void push_back(const T& item, LargePageArena& memory) {
    if (size_ % kBlockItems == 0) blocks_.push_back(memory.take<T>(kBlockItems));
    std::construct_at(&blocks_.back()[size_++ % kBlockItems], item);
  }
  const T& operator[](std::size_t index) const { return blocks_[index / kBlockItems][index % kBlockItems]; }
  const T& at(std::size_t index) const { return index < size_ ? (*this)[index] : throw std::out_of_range("an id that is not of this table"); }

 private:
  // Small: of many small recordings (a log a pod, a file a dump) each has a table of its own.
  static constexpr std::size_t kBlockItems = 32;
  std::vector<T*> blocks_;
  std::size_t size_ = 0;
};

/// Open-addressing set of indices into a vector of items; the items are compared by the caller.
///
/// A byte of each slot's hash stands in an array of its own, which stays in the cache where the slots do not: distinct stacks are new texts and
/// new frames throughout, and that an item is new is told from those bytes alone. A slot holds 32 bits of the hash too, and those tell its place:
/// so the set grows without a look at the items, slot after slot.
class IndexSet {
 public:
  /// The index of the item that `equal` accepts, else `next`, which is added.
  template <class Equal>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t next, Equal&& equal) {
    if ((size_ + 1) * 4 > places_ * 3) grow();
    const std::size_t at = place_of(hash, equal);
    if (tags_[at] != kFree) return slots_[at].index;
    tags_[at] = tag_of(hash);
    slots_[at] = {static_cast<std::uint32_t>(hash), next};
    ++size_;
    return next;
  }

  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    if (places_ == 0) return kNone;
    const std::size_t at = place_of(hash, equal);
    return tags_[at] == kFree ? kNone : slots_[at].index;
  }

  static constexpr std::uint32_t kNone = 0xffffffff;

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t index;
  };
  static constexpr std::uint8_t kFree = 0;

  static std::uint8_t tag_of(std::uint64_t hash) { return static_cast<std::uint8_t>(hash >> 56 | 1); }
  [[nodiscard]] std::size_t mask() const { return places_ - 1; }

  /// Where the item is that `equal` accepts, else the free slot that is to be its own.
  template <class Equal>
  [[nodiscard]] std::size_t place_of(std::uint64_t hash, Equal&& equal) const {
    const auto bits = static_cast<std::uint32_t>(hash);
    const std::uint8_t tag = tag_of(hash);
    std::size_t at = bits & mask();
    while (tags_[at] != kFree && !(tags_[at] == tag && slots_[at].hash == bits && equal(slots_[at].index))) at = (at + 1) & mask();
    return at;
  }

  void grow() {
    // By four at first: each growth puts every entry to a place of its own in memory once more.
    constexpr std::size_t kLarge = std::size_t{1} << 20;
    const std::size_t old_size = std::exchange(places_, places_ == 0 ? 64 : places_ * (places_ < kLarge ? 4 : 2));
    const LargeArray<std::uint8_t> old_tags = std::exchange(tags_, make_large_array<std::uint8_t>(places_));
    const LargeArray<Slot> old_slots = std::exchange(slots_, make_large_array<Slot>(places_));
    std::fill_n(tags_.get(), places_, kFree);
    for (std::size_t i = 0; i < old_size; ++i) {
      if (old_tags[i] == kFree) continue;
      std::size_t at = old_slots[i].hash & mask();
      while (tags_[at] != kFree) at = (at + 1) & mask();
      tags_[at] = old_tags[i];
      slots_[at] = old_slots[i];
    }
  }

  LargeArray<std::uint8_t> tags_;  ///< kFree, or a byte of the hash
  LargeArray<Slot> slots_;         ///< written where a tag is
  std::size_t places_ = 0;         ///< of both; a power of two
  std::size_t size_ = 0;
};

/// Interned spans of a trivially copyable, padding-free view of T.
template <class T>
struct SpanTable {
  Numbered<std::span<const T>> items;
  IndexSet set;

  std::uint32_t intern(std::span<const T> key, std::uint64_t hash, LargePageArena& memory) {
    const auto next = static_cast<std::uint32_t>(items.size());
    const std::uint32_t index = set.find_or_add(hash, next, [&](std::uint32_t i) {
      return std::equal(key.begin(), key.end(), items[i].begin(), items[i].end());
    });
    if (index == next) items.push_back(memory.store(key), memory);
    return index;
  }
};

std::uint64_t hash_bytes(const void* data, std::size_t size) { return XXH3_64bits(data, size); }

std::uint64_t hash_text(std::string_view text) { return hash_bytes(text.data(), text.size()); }

/// Functions and files have the numbers in which they came, and new frames come in the order of those: such as differ in a number's last bits only
/// stand side by side in the set, so that a dump of distinct stacks fills it as it goes, and not all over memory.
std::uint64_t hash_frame(const Frame& frame) {
  constexpr unsigned kSideBySide = 6;
  const std::uint64_t words[] = {(std::uint64_t{frame.function.index >> kSideBySide} << 32) | frame.file.index >> kSideBySide,
                                 (std::uint64_t{frame.module.index} << 32) | frame.line,
                                 frame.address, frame.offset << 1 | (frame.inlined ? 1u : 0u)};
  std::uint64_t hash = 0;
  for (const std::uint64_t word : words) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
  }
  const std::uint32_t last = (frame.function.index ^ frame.file.index) & ((1u << kSideBySide) - 1);
  return (hash << kSideBySide | last) ^ std::uint64_t{frame.function.index} << 56;
}

std::uint64_t hash_stack(std::span<const FrameId> frames) {
  static_assert(sizeof(FrameId) == sizeof(std::uint32_t));
  return hash_bytes(frames.data(), frames.size_bytes());
}

std::uint64_t hash_arguments(std::span<const Argument> arguments) {
  static_assert(std::has_unique_object_representations_v<Argument>, "hashed as bytes");
  return hash_bytes(arguments.data(), arguments.size_bytes());
}

}  // namespace

struct StackTable::State {
  LargePageArena memory;
  SpanTable<char> strings;
  SpanTable<FrameId> stacks;
  SpanTable<Argument> arguments;
  Numbered<Frame> frames;
  IndexSet frame_set;
};

StackTable::StackTable() : state_(std::make_unique<State>()) {}
StackTable::~StackTable() = default;
StackTable::StackTable(StackTable&&) noexcept = default;
StackTable& StackTable::operator=(StackTable&&) noexcept = default;

StringId StackTable::intern(std::string_view text) {
  return {state_->strings.intern(std::span<const char>(text.data(), text.size()), hash_text(text), state_->memory)};
}

FrameId StackTable::intern(const Frame& frame) {
  State& s = *state_;
  const auto next = static_cast<std::uint32_t>(s.frames.size());
  const std::uint32_t index = s.frame_set.find_or_add(hash_frame(frame), next, [&](std::uint32_t i) { return s.frames[i] == frame; });
  if (index == next) s.frames.push_back(frame, s.memory);
  return {index};
}

StackId StackTable::intern(std::span<const FrameId> frames) {
  return {state_->stacks.intern(frames, hash_stack(frames), state_->memory)};
}

ArgumentsId StackTable::intern(std::span<const Argument> arguments) {
  return {state_->arguments.intern(arguments, hash_arguments(arguments), state_->memory)};
}

StringId StackTable::find(std::string_view text) const {
  const SpanTable<char>& strings = state_->strings;
  const auto equal = [&](std::uint32_t index) {
    const std::span<const char> item = strings.items[index];
    return std::string_view(item.data(), item.size()) == text;
  };
  return {strings.set.find(hash_text(text), equal)};
}

std::string_view StackTable::text(StringId id) const {
  if (!id) return {};
  const std::span<const char> item = state_->strings.items.at(id.index);
  return {item.data(), item.size()};
}

const Frame& StackTable::frame(FrameId id) const { return state_->frames.at(id.index); }

std::span<const FrameId> StackTable::stack(StackId id) const {
  return id ? state_->stacks.items.at(id.index) : std::span<const FrameId>{};
}

std::span<const Argument> StackTable::arguments(ArgumentsId id) const {
  return id ? state_->arguments.items.at(id.index) : std::span<const Argument>{};
}

std::size_t StackTable::string_count() const { return state_->strings.items.size(); }
std::size_t StackTable::frame_count() const { return state_->frames.size(); }
std::size_t StackTable::stack_count() const { return state_->stacks.items.size(); }
std::size_t StackTable::arguments_count() const { return state_->arguments.items.size(); }

}  // namespace tailback
