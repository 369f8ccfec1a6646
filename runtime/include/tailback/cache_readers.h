// Readers that take no lock: a thread notes on a line of its own that it reads, and what writers take out of reach meanwhile is freed when all
// who may have seen it have gone (epoch-based reclamation: K. Fraser, Practical lock-freedom, 2004, section 5.2.3).
//
//   reader: note the epoch, look, take the note away          writer, under its lock: unlink, then advance the epoch,
//                                                                      free when every note is of that epoch or a later one
//
// Neither waits for the other. A reader that never ends only keeps memory from being freed. All of it is sequentially consistent: either the
// reader sees that a thing was unlinked, or the writer sees the reader's note.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

namespace tailback::detail {

inline constexpr std::uint32_t kReaderLines = 64;
inline constexpr std::uint32_t kNoReaderLine = kReaderLines;       // more threads read than there are lines, or the thread is ending
inline constexpr std::uint32_t kReaderLineUnasked = kReaderLines + 1;

/// The calling thread's line, the same for all caches; returned when the thread ends.
inline constinit thread_local std::uint32_t reader_line = kReaderLineUnasked;
std::uint32_t claim_reader_line() noexcept;
/// So many lines at most have ever been claimed: the first ones.
std::uint32_t claimed_reader_lines() noexcept;

struct alignas(64) CacheReaderLine {
  std::atomic<std::uint64_t> since{0};  // the epoch in which its thread began to read; 0: it doesn't
  std::atomic<std::uint64_t> hits{0};   // written by its thread alone
};

/// The readers of one cache.
class CacheReaders {
 public:
  /// The calling thread's; null: it has none and must take a lock.
  CacheReaderLine* own_line() noexcept {
    const std::uint32_t at = reader_line != kReaderLineUnasked ? reader_line : claim_reader_line();
    return at < kReaderLines ? &lines_[at] : nullptr;
  }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(); }

  /// What was unlinked before is out of reach once all_since() this.
  std::uint64_t advance() noexcept { return epoch_.fetch_add(1) + 1; }
  [[nodiscard]] bool all_since(std::uint64_t epoch) const noexcept {
    for (std::uint32_t i = 0, end = claimed_reader_lines(); i < end; ++i) {
      const std::uint64_t since = lines_[i].since.load();
      if (since != 0 && since < epoch) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t hits() const noexcept {
    std::uint64_t sum = 0;
    for (const CacheReaderLine& line : lines_) sum += line.hits.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  std::atomic<std::uint64_t> epoch_{1};
  std::array<CacheReaderLine, kReaderLines> lines_;
};

/// One look of the calling thread at the cache. Inside another one (a key's comparison that asks the same cache) it changes nothing.
class CacheVisit {
 public:
  explicit CacheVisit(CacheReaders& readers) noexcept : line_(readers.own_line()) {
    if (line_ == nullptr) return;
    outermost_ = line_->since.load(std::memory_order_relaxed) == 0;
    if (outermost_) line_->since.store(readers.epoch());
  }
  ~CacheVisit() {
    if (outermost_) line_->since.store(0, std::memory_order_release);
  }
  CacheVisit(const CacheVisit&) = delete;
  CacheVisit& operator=(const CacheVisit&) = delete;

  /// False: there is no line for the thread, and it must take a lock.
  explicit operator bool() const noexcept { return line_ != nullptr; }
  void count_hit() noexcept { line_->hits.store(line_->hits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

 private:
  CacheReaderLine* line_;
  bool outermost_ = false;
};

/// Calls free(one) for each of a chain.
template <class T, class Free>
void free_chain(T* chain, Free free) {
  while (chain != nullptr) free(std::exchange(chain, chain->next_retired));
}

/// What was unlinked and may still be looked at, chained by its member `next_retired`. Used with the lock of writers held.
template <class T>
class RetiredChain {
 public:
  void add(T* one) noexcept { one->next_retired = std::exchange(fresh_, one); }

  /// A chain that is out of every reader's reach, or null. Two stages: else each addition would put off what was there before.
  [[nodiscard]] T* take(CacheReaders& readers) noexcept {
    if (waiting_ != nullptr && !readers.all_since(epoch_)) return nullptr;
    if (waiting_ == nullptr && fresh_ != nullptr) {
      waiting_ = std::exchange(fresh_, nullptr);
      epoch_ = readers.advance();
      if (!readers.all_since(epoch_)) return nullptr;
    }
    return std::exchange(waiting_, nullptr);
  }
  /// All of it, when nobody reads any more.
  template <class Free>
  void take_all(Free free) {
    free_chain(std::exchange(waiting_, nullptr), free);
    free_chain(std::exchange(fresh_, nullptr), free);
  }

 private:
  T* fresh_ = nullptr;
  T* waiting_ = nullptr;
  std::uint64_t epoch_ = 0;  // of `waiting_`
};

}  // namespace tailback::detail
