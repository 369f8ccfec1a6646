#include "runtime/metrics/allocator_stats.h"

#include <dlfcn.h>
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

// Weak, so that an allocator that is linked statically is found too, which dlsym does not see.
extern "C" {
__attribute__((weak)) int mallctl(const char*, void*, std::size_t*, void*, std::size_t);
__attribute__((weak)) int MallocExtension_GetNumericProperty(const char*, std::size_t*);
}

namespace tailback {
namespace {

using MallctlFunction = int (*)(const char*, void*, std::size_t*, void*, std::size_t);
using PropertyFunction = int (*)(const char*, std::size_t*);
using Mallinfo2Function = struct mallinfo2 (*)();

template <class Function>
Function find_symbol(const char* name, Function weak = nullptr) {
  return weak != nullptr ? weak : reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
}

/// The module that a symbol comes from, as the address at which it is loaded; null when it is not known.
const void* module_of(const void* address) {
  Dl_info info{};
  return address != nullptr && ::dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

class JemallocStats final : public AllocatorStats {
 public:
  explicit JemallocStats(MallctlFunction mallctl) : mallctl_(mallctl) {}
  std::string_view allocator() const override { return "jemalloc"; }

  HeapReading read() override {
    // The numbers are those of the moment at which "epoch" was last written.
    std::uint64_t epoch = 1;
    std::size_t size = sizeof epoch;
    if (mallctl_("epoch", &epoch, &size, &epoch, size) != 0) return {};
    HeapReading reading;
    reading.in_use = value("stats.active");
    reading.allocated = value("stats.allocated");
    reading.from_system = value("stats.mapped") + value("stats.retained");
    return reading;
  }

 private:
  // NaN where jemalloc was built without statistics.
  double value(const char* name) const {
    std::size_t bytes = 0;
    std::size_t size = sizeof bytes;
    return mallctl_(name, &bytes, &size, nullptr, 0) == 0 ? static_cast<double>(bytes) : std::numeric_limits<double>::quiet_NaN();
  }
  MallctlFunction mallctl_;
};

class TcmallocStats final : public AllocatorStats {
 public:
  explicit TcmallocStats(PropertyFunction property) : property_(property) {}
  std::string_view allocator() const override { return "tcmalloc"; }

  HeapReading read() override {
    HeapReading reading;
    reading.from_system = value("generic.heap_size");
    reading.allocated = value("generic.current_allocated_bytes");
    reading.in_use = reading.from_system - value("tcmalloc.pageheap_free_bytes") - value("tcmalloc.pageheap_unmapped_bytes");
    return reading;
  }

 private:
  double value(const char* name) const {
    std::size_t bytes = 0;
    return property_(name, &bytes) != 0 ? static_cast<double>(bytes) : std::numeric_limits<double>::quiet_NaN();
  }
  PropertyFunction property_;
};

class GlibcStats final : public AllocatorStats {
 public:
  explicit GlibcStats(Mallinfo2Function mallinfo2) : mallinfo2_(mallinfo2) {}
  std::string_view allocator() const override { return "glibc"; }

  HeapReading read() override {
    const auto info = mallinfo2_();
    HeapReading reading;
    // Chunks in thread caches count as used; glibc keeps no span statistics that would be nearer to Go's HeapInuse.
    reading.allocated = reading.in_use = static_cast<double>(info.uordblks + info.hblkhd);
    reading.from_system = static_cast<double>(info.arena + info.hblkhd);
    return reading;
  }

 private:
  Mallinfo2Function mallinfo2_;
};

}  // namespace

std::unique_ptr<AllocatorStats> find_allocator_stats() {
  // jemalloc and tcmalloc export their statistics only where they serve malloc (Debian builds both without a prefix).
  if (const auto function = find_symbol<MallctlFunction>("mallctl", mallctl)) return std::make_unique<JemallocStats>(function);
  if (const auto function = find_symbol<PropertyFunction>("MallocExtension_GetNumericProperty", MallocExtension_GetNumericProperty)) {
    return std::make_unique<TcmallocStats>(function);
  }
  const auto function = find_symbol<Mallinfo2Function>("mallinfo2", nullptr);
  const void* const malloc_address = ::dlsym(RTLD_DEFAULT, "malloc");
  if (function == nullptr || module_of(malloc_address) != module_of(reinterpret_cast<const void*>(function))) return nullptr;
  return std::make_unique<GlibcStats>(function);
}

}  // namespace tailback
