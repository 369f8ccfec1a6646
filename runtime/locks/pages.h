// Memory straight from the kernel, for what must work while malloc is wedged and must never move or be unmapped while a reader
// without locks may look at it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <sys/mman.h>

namespace tailback::locks {

/// Zeroed pages, or null.
inline void* map_pages(std::size_t bytes) noexcept {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

/// An array that grows by chunks, each mapped when first needed; elements never move.
/// All-zero bytes must be a valid T, which holds for structs of atomics.
/// Thread safety: all; growing twice at once costs the loser an unmap.
template <class T, std::size_t kChunkSize, std::size_t kChunks>
class ChunkedArray {
 public:
  static constexpr std::size_t kCapacity = kChunkSize * kChunks;

  /// Null when the chunk can't be mapped.
  T* make(std::size_t index) noexcept {
    std::atomic<T*>& place = chunks_[index / kChunkSize];
    T* chunk = place.load(std::memory_order_acquire);
    if (chunk == nullptr) {
      T* fresh = static_cast<T*>(map_pages(sizeof(T) * kChunkSize));
      if (fresh == nullptr) return nullptr;
      // Release: another thread that finds the chunk finds it zeroed, which the kernel's mapping is.
      if (place.compare_exchange_strong(chunk, fresh, std::memory_order_acq_rel)) {
        chunk = fresh;
      } else {
        ::munmap(fresh, sizeof(T) * kChunkSize);
      }
    }
    return chunk + index % kChunkSize;
  }

  /// Null when the chunk was never made.
  [[nodiscard]] T* find(std::size_t index) const noexcept {
    if (index >= kCapacity) return nullptr;
    T* chunk = chunks_[index / kChunkSize].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + index % kChunkSize;
  }

 private:
  std::atomic<T*> chunks_[kChunks] = {};
};

/// A list that keeps its memory between uses. One user at a time.
template <class T>
class MappedList {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  T& back() noexcept { return data_[size_ - 1]; }
  void pop_back() noexcept { --size_; }
  [[nodiscard]] std::span<T> all() noexcept { return {data_, size_}; }

  /// False, with nothing added, when the system has no memory.
  bool push_back(const T& value) noexcept {
    if (size_ == capacity_ && !grow()) return false;
    data_[size_++] = value;
    return true;
  }

 private:
  bool grow() noexcept {
    const std::size_t wanted = capacity_ == 0 ? 4096 / sizeof(T) + 1 : capacity_ * 2;
    void* pages = capacity_ == 0 ? map_pages(wanted * sizeof(T))
                                 : ::mremap(data_, capacity_ * sizeof(T), wanted * sizeof(T), MREMAP_MAYMOVE);
    if (pages == nullptr || pages == MAP_FAILED) return false;
    data_ = static_cast<T*>(pages);
    capacity_ = wanted;
    return true;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace tailback::locks
