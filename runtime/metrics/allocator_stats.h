// What the allocator in use says of the heap, whichever it is: jemalloc (mallctl), tcmalloc (MallocExtension) or glibc (mallinfo2),
// found at run time, linked with none of them.
//
//   Go's word    metric           glibc                 jemalloc                          tcmalloc (gperftools)
//   HeapSys      heap_sys         arena + hblkhd        stats.mapped + stats.retained     generic.heap_size
//   HeapInuse    heap_in_use      uordblks + hblkhd     stats.active                      heap_size − pageheap free − unmapped
//   HeapAlloc    heap_allocated   uordblks + hblkhd     stats.allocated                   generic.current_allocated_bytes
//
// Reading takes the allocator's own locks: measured on glibc, 250 ms with two million free chunks, another thread's malloc
// stalled as long, and for ever when a thread is stuck inside malloc. So only a probe thread reads them (async_probe.h).
//
// Thread safety: any thread, one at a time.
#pragma once

#include <limits>
#include <memory>
#include <string_view>

namespace tailback {

struct HeapReading {
  // Bytes; NaN: the allocator does not tell.
  double in_use = std::numeric_limits<double>::quiet_NaN();
  double allocated = std::numeric_limits<double>::quiet_NaN();
  double from_system = std::numeric_limits<double>::quiet_NaN();
};

class AllocatorStats {
 public:
  virtual ~AllocatorStats() = default;
  /// "glibc", "jemalloc", "tcmalloc".
  [[nodiscard]] virtual std::string_view allocator() const = 0;
  /// Blocks: on the allocator's locks, for as long as they are held.
  [[nodiscard]] virtual HeapReading read() = 0;
};

/// The statistics of the allocator that serves malloc in this process, or null where it is none of the known ones (a
/// sanitizer's, mimalloc): then there are no heap metrics, rather than those of an allocator that is not in use.
[[nodiscard]] std::unique_ptr<AllocatorStats> find_allocator_stats();

}  // namespace tailback
