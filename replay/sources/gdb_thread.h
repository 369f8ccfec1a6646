// How gdb names a thread: in the header of its stack, in the table of `info threads`, and where one is selected.
#pragma once

#include <optional>
#include <string_view>

namespace tailback::replay {

/// The texts are part of the line that was parsed.
struct GdbThread {
  std::string_view id;        ///< the LWP, thread or process where told, else gdb's own number
  std::string_view name;
  std::string_view inferior;  ///< "2" of "Thread 2.1"; empty where gdb has one process only
};

/// Thread 11 (Thread 0x7fa7f9e146c0 (LWP 608266) "dl_nodbg"):      Thread 1 (LWP 4711 "worker"):      Thread 3.1 (process 12):
/// Thread 7 (Thread 1128.0x1700):     Windows, and gdbserver: process and thread      Thread 2 (LWP 4712), worker:     quickstack -n
[[nodiscard]] std::optional<GdbThread> parse_gdb_header(std::string_view line);

/// [Switching to thread 5 (Thread 0x7f852667e700 (LWP 26936))]      [Current thread is 1 (Thread 0x7f88c0 (LWP 828))]
[[nodiscard]] std::optional<GdbThread> parse_gdb_selection(std::string_view line);

/// A row of `info threads`: who it is, and the innermost frame.
///     * 1    Thread 0x7f882ef0c440 (LWP 69917) "a" __futex_abstimed_wait_common64 (private=128, …) at ./nptl/futex-internal.c:57
struct GdbListed {
  GdbThread thread;
  std::string_view frame;
};

[[nodiscard]] std::optional<GdbListed> parse_gdb_listed(std::string_view line);

/// gdb up to 7.2 prints the table without its head: a row that can be nothing else.
[[nodiscard]] bool is_gdb_listed(std::string_view line);

}  // namespace tailback::replay
