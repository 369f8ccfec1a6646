#include "runtime/capture/dump_writer.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

namespace tailback {
namespace {

std::int64_t now_ns(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

DumpWriter::DumpWriter(Spool& spool, Memory& memory) : spool_(spool), memory_(memory) {
  void* map = ::mmap(nullptr, kIndexSlots * sizeof *index_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  index_ = map == MAP_FAILED ? nullptr : static_cast<std::uint64_t*>(map);  // without it nothing is shared, and all still works
}

DumpWriter::~DumpWriter() {
  if (index_ != nullptr) ::munmap(index_, kIndexSlots * sizeof *index_);
}

bool DumpWriter::begin(std::uint64_t offset, std::string_view reason, std::int64_t breach_id) noexcept {
  if (!spool_.reserve(offset + sizeof(DumpHeader))) return false;
  offset_ = offset;
  end_ = sizeof(DumpHeader);
  indexed_ = 0;
  stacks_ = 0;
  if (index_ != nullptr) std::memset(index_, 0, kIndexSlots * sizeof *index_);
  DumpHeader& head = header();
  head = {};
  head.wall_ns = now_ns(CLOCK_REALTIME);
  head.mono_ns = now_ns(CLOCK_MONOTONIC);
  head.breach_id = breach_id;
  head.pid = ::getpid();
  std::memcpy(head.reason, reason.data(), std::min(reason.size(), sizeof head.reason - 1));
  std::atomic_thread_fence(std::memory_order_release);
  head.state = RecordState::kWriting;
  return true;
}

unsigned char* DumpWriter::append(std::uint64_t bytes, std::uint64_t& offset) noexcept {
  if (!spool_.reserve(offset_ + end_ + bytes)) return nullptr;
  offset = end_;
  end_ += bytes;
  return spool_.at(offset_ + offset);
}

bool DumpWriter::add_row(std::uint32_t tid) noexcept {
  std::uint64_t offset = 0;
  unsigned char* place = append(sizeof(ThreadRow), offset);
  if (place == nullptr) {
    ++header().threads_missed;
    return false;
  }
  ThreadRow row;
  row.tid = tid;
  std::memcpy(place, &row, sizeof row);
  ++header().rows;
  return true;
}

ThreadRow& DumpWriter::row(std::uint32_t index) noexcept {
  return *reinterpret_cast<ThreadRow*>(spool_.at(offset_ + sizeof(DumpHeader) + std::uint64_t{index} * sizeof(ThreadRow)));
}

template <class Same>
std::uint64_t* DumpWriter::index_slot(std::uint64_t hash, const Same& same) noexcept {
  if (index_ == nullptr || indexed_ > kIndexSlots / 2) return nullptr;
  for (std::uint64_t at = hash % kIndexSlots;; at = (at + 1) % kIndexSlots) {
    if (index_[at] == 0 || same(spool_.at(offset_ + index_[at]))) return &index_[at];
  }
}

std::uint64_t DumpWriter::stack(const std::uint64_t* addresses, std::uint32_t count) noexcept {
  const std::uint64_t bytes = std::uint64_t{count} * sizeof *addresses;
  std::uint64_t* slot = index_slot(XXH3_64bits(addresses, bytes), [&](const unsigned char* piece) {
    StackPiece head;
    std::memcpy(&head, piece, sizeof head);
    return head.kind == PieceKind::kStack && head.count == count && std::memcmp(piece + sizeof head, addresses, bytes) == 0;
  });
  if (slot != nullptr && *slot != 0) return *slot;
  std::uint64_t offset = 0;
  unsigned char* place = append(sizeof(StackPiece) + bytes, offset);
  if (place == nullptr) return 0;
  const StackPiece head{PieceKind::kStack, count};
  std::memcpy(place, &head, sizeof head);
  std::memcpy(place + sizeof head, addresses, bytes);
  if (slot != nullptr) { *slot = offset; ++indexed_; }
  ++stacks_;
  return offset;
}

void DumpWriter::read_lock(LockPiece& piece) noexcept {
  // A stack or heap block may begin or end right at the lock, so each side is read for itself.
  piece.readable_after = static_cast<std::uint32_t>(memory_.read(piece.futex, piece.words + LockPiece::kBefore, LockPiece::kAfter));
  const bool before = memory_.read(piece.futex - LockPiece::kBefore, piece.words, LockPiece::kBefore) == LockPiece::kBefore;
  piece.readable_before = before ? LockPiece::kBefore : 0;
}

std::uint64_t DumpWriter::lock(std::uint64_t futex) noexcept {
  // Told apart from a stack's hash by a constant: both live in one index.
  std::uint64_t* slot = index_slot(XXH3_64bits_withSeed(&futex, sizeof futex, 1), [&](const unsigned char* piece) {
    PieceKind kind;
    std::memcpy(&kind, piece, sizeof kind);
    if (kind != PieceKind::kLock) return false;
    LockPiece known;
    std::memcpy(&known, piece, sizeof known);
    return known.futex == futex;
  });
  if (slot != nullptr && *slot != 0) return *slot;
  LockPiece piece;
  piece.futex = futex;
  read_lock(piece);
  std::uint64_t offset = 0;
  unsigned char* place = piece.readable_after < sizeof(std::uint32_t) ? nullptr : append(sizeof piece, offset);
  if (place == nullptr) return 0;
  std::memcpy(place, &piece, sizeof piece);
  if (slot != nullptr) { *slot = offset; ++indexed_; }
  return offset;
}

void DumpWriter::read_locks_again() noexcept {
  std::uint64_t at = sizeof(DumpHeader) + std::uint64_t{header().rows} * sizeof(ThreadRow);
  while (at < end_) {
    unsigned char* place = spool_.at(offset_ + at);
    StackPiece head;
    std::memcpy(&head, place, sizeof head);
    if (head.kind == PieceKind::kStack) {
      at += sizeof head + std::uint64_t{head.count} * sizeof(std::uint64_t);
      continue;
    }
    LockPiece piece;
    std::memcpy(&piece, place, sizeof piece);
    LockPiece again = piece;
    read_lock(again);
    // Word by word: what lies beside the lock changes for reasons of its own.
    for (std::uint32_t word = 0; word < LockPiece::kAfter / sizeof(std::uint32_t); ++word) {
      const std::size_t place_of_word = LockPiece::kBefore + word * sizeof(std::uint32_t);
      if (std::memcmp(again.words + place_of_word, piece.words + place_of_word, sizeof(std::uint32_t)) != 0) again.changed |= 1u << word;
    }
    std::memcpy(place, &again, sizeof again);
    at += sizeof piece;
  }
}

std::uint64_t DumpWriter::finish(std::int64_t duration_ns) noexcept {
  DumpHeader& head = header();
  head.duration_ns = duration_ns;
  head.bytes = end_;
  head.checksum = XXH3_64bits(spool_.at(offset_ + sizeof head), end_ - sizeof head);
  // What follows must not look like a record of this or an earlier run.
  if (spool_.reserve(offset_ + end_ + sizeof(DumpHeader))) std::memset(spool_.at(offset_ + end_), 0, sizeof(DumpHeader));
  std::atomic_thread_fence(std::memory_order_release);
  head.state = RecordState::kComplete;
  return end_;
}

}  // namespace tailback
