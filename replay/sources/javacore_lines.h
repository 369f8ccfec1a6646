// Single lines of a javacore, parsed: no state, no sink. The formats are those of IBM Java 1.4 to 8 and OpenJ9.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tailback::replay {

/// A thread as another line names it: `"Writer 1" (J9VMThread:0x0000000001B4BF00)`. Names are not unique; addresses are.
struct JavacoreOwner {
  std::string_view name;      ///< may have quotes itself
  std::uint64_t address = 0;  ///< 0: not told
  bool ended = false;         ///< the VM says that it has ended: `(J9VMThread:<null>, …)`, `"<dead thread>"`

  [[nodiscard]] bool told() const { return !name.empty() || address != 0; }
};

[[nodiscard]] JavacoreOwner parse_javacore_owner(std::string_view text);

/// "Writer" J9VMThread:0x92A3EC00, omrthread_t:0x92A3C2B0, java/lang/Thread:0xB5666778, state:B, prio=5     (OpenJ9, IBM Java 7 on)
/// "Writer" (TID:0x2ACCAE8, sys_thread_t:0x85E2E08, state:CW, native ID:0x3B8) prio=5                       (before)
/// "unmounted" J9VMContinuation:0x0000000C6ACD5920, java/lang/Thread:0x00000003FFD8C168                     (of a virtual thread)
/// Anonymous native thread
struct JavacoreThread {
  std::string_view name, state, native_id;
  std::array<std::uint64_t, 3> addresses{};  ///< of what the VM keeps about it, as the line has them; 0: none
};

[[nodiscard]] JavacoreThread parse_javacore_thread(std::string_view text);

/// pthread_cond_wait+0x1c7 (0x00007F4E4B627052 [libpthread.so.0+0xe052])        (0xB6A9F5B3 [libj9prt29.so+0x3b5b3])
struct JavacoreNativeFrame {
  std::string_view function, module;
  std::uint64_t address = 0;
};

[[nodiscard]] JavacoreNativeFrame parse_javacore_native_frame(std::string_view text);

/// The text behind `key` up to a comma, blank or bracket; empty where the key is not there.
[[nodiscard]] std::string_view javacore_field(std::string_view text, std::string_view key);

}  // namespace tailback::replay
