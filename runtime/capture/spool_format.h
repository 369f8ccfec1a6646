// The spool's bytes: what a capture writes before anything may call malloc, and what the next start may find.
//
//   header page | module table | dump record | dump record | …
//   dump record: DumpHeader | ThreadRow × rows | pieces (StackPiece, LockPiece; each a multiple of 8 bytes)
//
// Half-written states: a record whose `state` is kWriting was cut off; its rows with `done` set are whole, and so are the pieces they
// point at. A record whose checksum does not match is not believed further than that either. Everything a reader takes from it is
// checked against the record's bounds (SpoolDump). Native byte order: a spool is read on the machine that wrote it.
#pragma once

#include <cstdint>

namespace tailback {

inline constexpr std::uint64_t kSpoolMagic = 0x314c4f4f50534254ULL;  // "TBSPOOL1"
inline constexpr std::uint64_t kDumpMagic = 0x31504d5544534254ULL;   // "TBSDUMP1"
inline constexpr std::uint64_t kSpoolHeaderBytes = 4096, kSpoolModuleBytes = 256 * 1024;
inline constexpr std::uint64_t kSpoolDumpsAt = kSpoolHeaderBytes + kSpoolModuleBytes;

struct SpoolHeader {
  std::uint64_t magic = kSpoolMagic;
  std::int64_t pid = 0;
  std::int64_t started_wall_ns = 0;
  std::uint64_t module_bytes = 0;      ///< used of the table
  std::uint64_t module_checksum = 0;   ///< XXH3 of those bytes
};

/// One module in the table, followed by its build id and its path (not terminated), padded to 8 bytes.
struct SpoolModule {
  std::uint64_t base = 0, begin = 0, end = 0;
  std::uint32_t build_id_bytes = 0, path_bytes = 0;
};

enum class RecordState : std::uint32_t {
  kEmpty = 0,     ///< nothing here, nor behind
  kWriting = 1,   ///< being written, or cut off
  kComplete = 2,
  kReleased = 3,  ///< was complete, and is stored elsewhere: to be skipped
};

struct DumpHeader {
  std::uint64_t magic = kDumpMagic;
  RecordState state = RecordState::kEmpty;
  std::uint32_t rows = 0;
  std::uint64_t bytes = 0;             ///< of the whole record; final when complete
  std::uint64_t checksum = 0;          ///< XXH3 of all that follows this header, when complete
  std::int64_t wall_ns = 0, mono_ns = 0, duration_ns = 0;
  std::int64_t breach_id = 0;
  std::int64_t pid = 0;
  std::uint64_t threads_missed = 0;    ///< listed, with no room for a row
  char reason[256] = {};               ///< zero-terminated, cut to fit
};

/// By which way a thread's stack was got.
enum class RowWay : std::uint8_t { kNone, kOutside, kRecovered, kSignal, kOwn };

struct ThreadRow {
  std::uint32_t tid = 0;
  std::uint32_t done = 0;              ///< 1: everything else here is written
  RowWay way = RowWay::kNone;
  std::uint8_t absence = 0;            ///< Absence
  std::uint8_t reading = 0;            ///< CallReading of its system call
  std::uint8_t blind = 0;              ///< 1: signalled without knowing its system call
  std::int32_t call = -1;              ///< the system call's number; -1: none or unknown
  std::uint64_t arguments[4] = {};     ///< its first four
  std::uint64_t stack_pointer = 0, pc = 0;
  std::int64_t cpu_ns = -1;
  std::uint64_t stack = 0;             ///< StackPiece, offset in the record; 0: none
  std::uint64_t lock = 0;              ///< LockPiece, offset in the record; 0: none
};

enum class PieceKind : std::uint32_t { kStack = 1, kLock = 2 };

struct StackPiece {
  PieceKind kind = PieceKind::kStack;
  std::uint32_t count = 0;             ///< of the call addresses that follow, innermost first
};

/// The memory around a futex that threads wait on, read when the first of them was seen and again after the last.
struct LockPiece {
  static constexpr std::uint64_t kBefore = 48, kAfter = 64, kBytes = kBefore + kAfter;

  PieceKind kind = PieceKind::kLock;
  std::uint32_t readable_before = 0;   ///< bytes below the futex that could be read, ending at it
  std::uint32_t readable_after = 0;    ///< bytes from the futex on that could be read
  std::uint32_t changed = 0;           ///< bit i: the i-th 32-bit word from the futex on differed the second time; `words` are the second reading
  std::uint64_t futex = 0;
  unsigned char words[kBytes] = {};    ///< from futex - kBefore
};

}  // namespace tailback
