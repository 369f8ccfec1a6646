// Single lines of Java thread dumps in text, parsed: no state, no sink. HotSpot prints them, and tools that ask the JVM for its threads
// (ThreadInfo.toString(), VisualVM, IntelliJ, SAP's JVM, jstack -F) print much the same in words of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "replay/sources/java_thread.h"

namespace tailback::replay {

/// `"packer" Id=9`, `"packer" t@22`, `: packer`: a thread as another's line names it.
struct JavaOwner {
  std::string_view id, name;  ///< empty: not told

  [[nodiscard]] bool told() const { return !id.empty() || !name.empty(); }
};

/// What a thread waits for, as the line of its state tells it: "on depot.Shelf@32a88bc2 owned by "packer" Id=9".
struct JavaBlocker {
  JavaLock lock;
  JavaOwner owner;
};

/// "T-AB" #11 prio=5 os_prio=0 cpu=0.11ms elapsed=2.01s tid=0x00007f4014127160 nid=0x9594f waiting for monitor entry  [0x00007f3ff0f9e000]
/// "main" prio=5 tid=0x033a9218 nid=0x24c in Object.wait() [429f000..429fd8c]
/// "picker" daemon prio=5 Id=13 BLOCKED on depot.Shelf@32a88bc2 owned by "packer" Id=9                  (ThreadInfo.toString())
/// "picker" - Thread t@21                                                                               (VisualVM)
/// "picker" daemon cpu=1.54 [reset 1.54] ms allocated=16288 B (15.91 kB) …                              (SAP; its other fields come two lines below)
/// #25 "waiter-0" virtual WAITING 2026-11-25T16:33:40.524124521Z                                        (dump_to_file)
/// Thread 4735: (state = BLOCKED)                                                                       (jstack -F)
struct JavaHeader {
  std::string_view id, name, state;
  JavaBlocker blocker;
  std::int64_t cpu_ns = -1;
  bool is_virtual = false;
};

[[nodiscard]] std::optional<JavaHeader> parse_java_header(std::string_view line);

/// prio=5 tid=0x8000000100e7adf8 nid=0x4aafae / 4894638  pthread-id=32 waiting on condition  [_thread_blocked, …]: the last line of a header of SAP's
[[nodiscard]] std::optional<JavaHeader> parse_sap_fields(std::string_view line);

/// "<0x000000069ec1b658> (a java.lang.Object)", "<25a7b0c8> (a depot.Shelf)", "<java.lang.Object@1164b0ad>", "depot.Shelf@32a88bc2"
[[nodiscard]] JavaLock parse_java_reference(std::string_view text);

/// Cuts " owned by …" off the end of `text`.
[[nodiscard]] JavaOwner take_java_owner(std::string_view& text);

/// "depot.Shelf@32a88bc2 owned by "packer" Id=9", as it follows " on "
[[nodiscard]] JavaBlocker parse_java_blocker(std::string_view text);

/// " - depot.Shelf.take(depot.Item) @bci=17, line=30 (Interpreted frame)" of jstack -F and jhsdb
[[nodiscard]] inline bool is_bci_frame(std::string_view text) { return text.find(" @bci=") != std::string_view::npos; }

}  // namespace tailback::replay
