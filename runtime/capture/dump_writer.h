// Writes one dump record into the spool, each distinct stack and lock once.
//
// Thread safety: none. No malloc, no lock after construction.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/capture/memory.h"
#include "runtime/capture/spool.h"

namespace tailback {

class DumpWriter {
 public:
  DumpWriter(Spool& spool, Memory& memory);
  ~DumpWriter();
  DumpWriter(const DumpWriter&) = delete;
  DumpWriter& operator=(const DumpWriter&) = delete;

  /// False: no room even for a header.
  bool begin(std::uint64_t offset, std::string_view reason, std::int64_t breach_id) noexcept;
  /// Rows come first, all of them before any piece. False: no room; it is counted as missed.
  bool add_row(std::uint32_t tid) noexcept;
  [[nodiscard]] std::uint32_t row_count() const noexcept { return header().rows; }
  [[nodiscard]] ThreadRow& row(std::uint32_t index) noexcept;

  /// The offset of the stack in the record; 0: no room.
  std::uint64_t stack(const std::uint64_t* addresses, std::uint32_t count) noexcept;
  /// The offset of the memory around a futex; 0: no room, or not readable.
  std::uint64_t lock(std::uint64_t futex) noexcept;
  /// Reads every lock's words again, and marks those that changed.
  void read_locks_again() noexcept;

  /// Marks the record complete; returns its size.
  std::uint64_t finish(std::int64_t duration_ns) noexcept;
  [[nodiscard]] std::uint32_t distinct_stacks() const noexcept { return stacks_; }

 private:
  DumpHeader& header() const noexcept { return *reinterpret_cast<DumpHeader*>(spool_.at(offset_)); }
  unsigned char* append(std::uint64_t bytes, std::uint64_t& offset) noexcept;
  void read_lock(LockPiece& piece) noexcept;
  /// The slot of the index that holds `hash`'s piece, or the empty one where it goes; null: the index is full.
  template <class Same>
  std::uint64_t* index_slot(std::uint64_t hash, const Same& same) noexcept;

  static constexpr std::uint64_t kIndexSlots = 1u << 18;
  Spool& spool_;
  Memory& memory_;
  std::uint64_t offset_ = 0, end_ = 0;   ///< of the record in the spool; its size so far
  std::uint64_t* index_ = nullptr;       ///< offsets of pieces by hash; 0: empty
  std::uint64_t indexed_ = 0;
  std::uint32_t stacks_ = 0;
};

}  // namespace tailback
