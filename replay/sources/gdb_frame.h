// One frame as gdb prints it, and its arguments.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/incident/model.h"
#include "runtime/incident/stack_table.h"

namespace tailback::replay {

struct GdbFrame {
  Frame frame;                      ///< `address` is the call's: the printed one - 1, but for the innermost frame
  bool has_address = false;
  bool has_arguments = false;       ///< an argument list was printed, be it empty
  bool unfinished = false;          ///< the list's end is missing
  bool signal_handler = false;
  std::vector<Argument> arguments;  ///< those whose value is an address; Argument::frame is 0
  /// What the frame's function was given first, where that is a lock with a symbol of its own: "mutex=0x555705271340 <orders_mutex>".
  std::uint64_t lock = 0;
  LockKind lock_kind = LockKind::kUnknown;
  StringId lock_name;
};

/// Parses what follows "#N  ", e.g.
///     0x00007fa7fe6aa482 in lll_mutex_lock_optimized (mutex=0x555705271340 <A>) at ./nptl/pthread_mutex_lock.c:48
///     futex_wait (private=0, expected=2, futex_word=0x555705271340 <A>) at ../sysdeps/nptl/futex-internal.h:146
///     0x00007fa7fe8d44a3 in ?? () from /lib/x86_64-linux-gnu/libstdc++.so.6
///     <signal handler called>
/// quickstack's "from /src/a.cc:12" is read as file and line.
[[nodiscard]] GdbFrame parse_gdb_frame(StackTable& table, std::string_view text, bool innermost);

/// A line of `bt full` that shows a lock guard, e.g. "a = {_M_device = @0x565246d26340}" or
/// "l = {_M_device = 0x7ffd…, _M_owns = true}": an argument named "a._M_device", or one with value 0 where the line shows
/// none (or a guard that owns nothing). Locals may not be constructed yet, so it is `uncertain`.
[[nodiscard]] Argument parse_gdb_guard(StackTable& table, std::string_view line);

/// Argument::position of what parse_gdb_guard yields: a local variable, not an argument.
inline constexpr std::uint8_t kLocalVariable = 0xff;

}  // namespace tailback::replay
