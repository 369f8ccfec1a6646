// Which module a program counter lies in, and where its unwind tables are.
//
// glibc keeps an index for unwinders that is read without a lock (_dl_find_object, glibc 2.35), also while another thread sits in dlopen;
// dl_iterate_phdr and dladdr take the loader's lock and would hang there.
//
// Thread safety: none. No malloc, no lock.
// Source: the glibc manual, "Dynamic Linker Introspection".
#pragma once

#include <array>
#include <cstdint>

#include "runtime/capture/memory.h"

namespace tailback {

struct CodeRange {
  std::uint64_t begin = 0, end = 0;    ///< of the whole mapping
  std::uint64_t unwind_header = 0;     ///< .eh_frame_hdr
  std::uint64_t fingerprint = 0;       ///< of the header's first bytes: the same place may later hold another library
};

class CodeMap {
 public:
  explicit CodeMap(Memory& memory) : memory_(memory) {}

  /// The module that holds `pc`, or null.
  const CodeRange* find(std::uint64_t pc) noexcept;

  /// Looks again at everything found so far; true if some of it has been unloaded or replaced (then all is forgotten).
  bool changed() noexcept;

 private:
  bool ask_loader(std::uint64_t pc, CodeRange& range) noexcept;

  static constexpr std::size_t kMost = 256;
  Memory& memory_;
  std::array<CodeRange, kMost> ranges_{};
  std::size_t count_ = 0, last_ = 0;
};

}  // namespace tailback
