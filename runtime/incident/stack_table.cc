#include "runtime/incident/stack_table.h"

#include <xxhash.h>

#include <cassert>
#include <cstring>

namespace tailback {
namespace {

/// Storage that never moves what it handed out.
template <class T>
class Arena {
 public:
  std::span<const T> store(std::span<const T> items) {
    if (items.empty()) return {};
    if (items.size() > capacity_ - used_) grow(items.size());
    T* begin = blocks_.back().get() + used_;
    std::copy(items.begin(), items.end(), begin);
    used_ += items.size();
    return {begin, items.size()};
  }

 private:
  static constexpr std::size_t kBlockItems = 16384;

  void grow(std::size_t at_least) {
    capacity_ = std::max(kBlockItems, at_least);
    blocks_.push_back(std::make_unique_for_overwrite<T[]>(capacity_));
    used_ = 0;
  }

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

/// Open-addressing set of indices into a vector of items; the items are compared by the caller.
class IndexSet {
 public:
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    if (slots_.empty()) return kEmpty;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.index == kEmpty) return kEmpty;
      if (slot.hash == static_cast<std::uint32_t>(hash >> 32) && equal(slot.index)) return slot.index;
    }
  }

  template <class HashOf>
  void insert(std::uint64_t hash, std::uint32_t index, HashOf&& hash_of) {
    if ((size_ + 1) * 4 > slots_.size() * 3) rehash(hash_of);
    place(hash, index);
    ++size_;
  }

  static constexpr std::uint32_t kEmpty = 0xffffffff;

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index = kEmpty;
  };

  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }

  void place(std::uint64_t hash, std::uint32_t index) {
    std::size_t at = hash & mask();
    while (slots_[at].index != kEmpty) at = (at + 1) & mask();
    slots_[at] = {static_cast<std::uint32_t>(hash >> 32), index};
  }

  template <class HashOf>
  void rehash(HashOf&& hash_of) {
    std::vector<Slot> old = std::move(slots_);
    // By four at first: each growth puts every entry to a place of its own in memory once more.
    constexpr std::size_t kLarge = std::size_t{1} << 20;
    slots_.assign(old.empty() ? 1024 : old.size() * (old.size() < kLarge ? 4 : 2), Slot{});
    for (const Slot& slot : old) {
      if (slot.index != kEmpty) place(hash_of(slot.index), slot.index);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

/// Interned spans of a trivially copyable, padding-free view of T.
template <class T>
struct SpanTable {
  std::vector<std::span<const T>> items;
  std::vector<std::uint64_t> hashes;
  IndexSet set;
  Arena<T> arena;

  template <class Hash>
  std::uint32_t intern(std::span<const T> key, Hash&& hash_of) {
    const std::uint64_t hash = hash_of(key);
    const auto equal = [&](std::uint32_t index) {
      return std::equal(key.begin(), key.end(), items[index].begin(), items[index].end());
    };
    if (const std::uint32_t found = set.find(hash, equal); found != IndexSet::kEmpty) return found;
    const auto index = static_cast<std::uint32_t>(items.size());
    items.push_back(arena.store(key));
    hashes.push_back(hash);
    set.insert(hash, index, [&](std::uint32_t i) { return hashes[i]; });
    return index;
  }
};

std::uint64_t hash_bytes(const void* data, std::size_t size) { return XXH3_64bits(data, size); }

std::uint64_t hash_text(std::span<const char> text) { return hash_bytes(text.data(), text.size()); }

std::uint64_t hash_frame(const Frame& frame) {
  const std::uint64_t words[] = {(std::uint64_t{frame.function.index} << 32) | frame.file.index,
                                 (std::uint64_t{frame.module.index} << 32) | frame.line,
                                 frame.address, frame.offset, frame.inlined ? 1u : 0u};
  return hash_bytes(words, sizeof words);
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
  SpanTable<char> strings;
  SpanTable<FrameId> stacks;
  SpanTable<Argument> arguments;
  std::deque<Frame> frames;
  std::vector<std::uint64_t> frame_hashes;
  IndexSet frame_set;
};

StackTable::StackTable() : state_(std::make_unique<State>()) {}
StackTable::~StackTable() = default;
StackTable::StackTable(StackTable&&) noexcept = default;
StackTable& StackTable::operator=(StackTable&&) noexcept = default;

StringId StackTable::intern(std::string_view text) {
  return {state_->strings.intern(std::span<const char>(text.data(), text.size()), hash_text)};
}

FrameId StackTable::intern(const Frame& frame) {
  State& s = *state_;
  const std::uint64_t hash = hash_frame(frame);
  const auto equal = [&](std::uint32_t index) { return s.frames[index] == frame; };
  if (const std::uint32_t found = s.frame_set.find(hash, equal); found != IndexSet::kEmpty) return {found};
  const auto index = static_cast<std::uint32_t>(s.frames.size());
  s.frames.push_back(frame);
  s.frame_hashes.push_back(hash);
  s.frame_set.insert(hash, index, [&](std::uint32_t i) { return s.frame_hashes[i]; });
  return {index};
}

StackId StackTable::intern(std::span<const FrameId> frames) {
  return {state_->stacks.intern(frames, hash_stack)};
}

ArgumentsId StackTable::intern(std::span<const Argument> arguments) {
  return {state_->arguments.intern(arguments, hash_arguments)};
}

StringId StackTable::find(std::string_view text) const {
  const SpanTable<char>& strings = state_->strings;
  const auto equal = [&](std::uint32_t index) {
    const std::span<const char> item = strings.items[index];
    return std::string_view(item.data(), item.size()) == text;
  };
  return {strings.set.find(hash_bytes(text.data(), text.size()), equal)};
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
