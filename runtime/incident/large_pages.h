// Memory for tables that grow with what is recorded: blocks of a megabyte and more ask the kernel for huge pages.
//
// A dump of 20,000 distinct stacks fills 20 MB of tables. In pages of 4 KiB those are 5,000 faults, and more places than the processor's
// translation buffer holds; in huge pages (madvise(2), MADV_HUGEPAGE) they are ten. Where the kernel has none to give, pages are as ever.
// In a live service it is the recorder's thread that waits for the kernel to find one, and only a dump of thousands of threads asks.
// Smaller blocks come from the heap as they are: of many small recordings, each has tables of its own.
//
// Thread safety: as malloc. Errors: std::bad_alloc, as std::allocator.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace tailback {

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;  ///< of x86-64, and of aarch64 with pages of 4 KiB

/// Ended by std::free.
[[nodiscard]] inline void* allocate_large(std::size_t bytes) {
  void* memory = nullptr;
  if (bytes < kHugePageBytes / 2) {
    memory = std::malloc(bytes);
  } else {
    const std::size_t whole = (bytes + kHugePageBytes - 1) & ~(kHugePageBytes - 1);
    if (whole >= bytes) memory = std::aligned_alloc(kHugePageBytes, whole);
    if (memory != nullptr) ::madvise(memory, whole, MADV_HUGEPAGE);  // a wish: without it everything works as well
  }
  return memory != nullptr ? memory : throw std::bad_alloc();
}

struct FreeLarge {
  void operator()(void* memory) const noexcept { std::free(memory); }
};

/// An array that is not initialised.
template <class T>
using LargeArray = std::unique_ptr<T[], FreeLarge>;

template <class T>
[[nodiscard]] LargeArray<T> make_large_array(std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  return LargeArray<T>(static_cast<T*>(allocate_large(count * sizeof(T))));
}

/// For containers.
template <class T>
struct LargePageAllocator {
  using value_type = T;

  LargePageAllocator() = default;
  template <class U>
  LargePageAllocator(const LargePageAllocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }

  friend bool operator==(const LargePageAllocator&, const LargePageAllocator&) noexcept { return true; }
};

/// Memory that never moves and is given back all at once.
class LargePageArena {
 public:
  /// `count` items that are not initialised; one at least.
  template <class T>
  [[nodiscard]] T* take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    const std::size_t bytes = count * sizeof(T);
    std::size_t begin = (used_ + alignof(T) - 1) & ~(alignof(T) - 1);
    if (bytes > size_ || begin > size_ - bytes) {
      grow(bytes);
      begin = 0;
    }
    used_ = begin + bytes;
    return reinterpret_cast<T*>(blocks_.back().get() + begin);
  }

  template <class T>
  [[nodiscard]] std::span<const T> store(std::span<const T> items) {
    if (items.empty()) return {};
    T* begin = take<T>(items.size());
    std::copy(items.begin(), items.end(), begin);
    return {begin, items.size()};
  }

 private:
  static constexpr std::size_t kFirstBytes = 4096;

  void grow(std::size_t at_least) {
    size_ = std::max(std::clamp(size_ * 8, kFirstBytes, kHugePageBytes), at_least);
    blocks_.push_back(make_large_array<char>(size_));
  }

  std::vector<LargeArray<char>> blocks_;
  std::size_t used_ = 0, size_ = 0;  ///< of the last block
};

}  // namespace tailback
