#include <atomic>

#include <tailback/cache_readers.h>

namespace tailback::detail {

namespace {

std::atomic<std::uint64_t> taken{0};  // a bit a line
std::atomic<std::uint32_t> claimed{0};
static_assert(kReaderLines <= 64);

struct ReturnsLine {
  std::uint32_t line = kNoReaderLine;
  ~ReturnsLine() {
    reader_line = kNoReaderLine;  // what reads in a destructor after this one takes the lock
    if (line < kReaderLines) taken.fetch_and(~(std::uint64_t{1} << line));
  }
};

}  // namespace

std::uint32_t claim_reader_line() noexcept {
  thread_local ReturnsLine mine;
  std::uint64_t bits = taken.load();
  while (~bits != 0) {
    const auto line = static_cast<std::uint32_t>(__builtin_ctzll(~bits));
    if (!taken.compare_exchange_weak(bits, bits | std::uint64_t{1} << line)) continue;
    // Before the first note on the line, so that a writer that misses the line has unlinked before the reader looks.
    for (std::uint32_t before = claimed.load(); before <= line && !claimed.compare_exchange_weak(before, line + 1);) {
    }
    return reader_line = mine.line = line;
  }
  return reader_line = kNoReaderLine;
}

std::uint32_t claimed_reader_lines() noexcept { return claimed.load(); }

}  // namespace tailback::detail
