// The single lines of a Go traceback, as Go 1.4 to 1.27 print them. Pure functions of a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::replay {

/// goroutine 39 [running]:
/// goroutine 1 [chan receive, 2 minutes, locked to thread]:
/// goroutine 5 gp=0xc000003500 m=0 mp=0x519380 [running]:
/// goroutine 7 [sync.Mutex.Lock] {tenant: "acme", job: "ingest"}:
struct GoHeader {
  std::uint64_t id = 0;
  std::string_view state;      ///< "chan receive"
  std::int64_t waited_ns = -1; ///< "2 minutes"
  std::string_view labels;     ///< "tenant: "acme", job: "ingest""
  bool locked_to_thread = false, leaked = false;
};
/// Spaces at the end are allowed; anything else is none.
[[nodiscard]] std::optional<GoHeader> parse_go_header(std::string_view text);

[[nodiscard]] ThreadState go_state(std::string_view state);

/// main.(*HashSet).AddOne(0xc0000b4008, {0xc000462010?, 0x6}, ...)
struct GoCall {
  std::string_view function;   ///< "main.(*HashSet).AddOne"
  std::string_view arguments;  ///< between the parentheses
};
[[nodiscard]] std::optional<GoCall> parse_go_call(std::string_view text);
/// True for what Go prints as a function's name: no spaces, a package before a dot ("panic" and C's names have none).
[[nodiscard]] bool is_go_function(std::string_view name);

/// "sync.(_RWMutex).Lock", "sync.(RWMutex).Lock" → "sync.(*RWMutex).Lock": Markdown takes a pair of asterisks for emphasis, and Go prints no
/// parentheses but a pointer receiver's.
[[nodiscard]] std::string with_pointer_receivers(std::string_view function);
/// Whether that may be another text: false for nearly every function, and cheap to ask.
[[nodiscard]] bool may_lack_pointers(std::string_view function);

/// Appends the words of `arguments` that may be pointers, with their positions. Words below 64 KiB are counters and lengths, and left out.
void parse_go_arguments(std::string_view arguments, std::uint16_t frame, std::vector<Argument>& into);

///     /usr/local/go/src/runtime/sema.go:71 +0x47 fp=0xc0000407c8 sp=0xc000040780 pc=0x4730d6
struct GoPlace {
  std::string_view file;
  std::uint32_t line = 0;
  bool inlined = false;        ///< no "+0x47": it has no frame of its own
};
[[nodiscard]] std::optional<GoPlace> parse_go_place(std::string_view text);
/// What of the line is the same for every goroutine that stands there: without fp=, sp= and pc=.
[[nodiscard]] std::string_view place_without_registers(std::string_view text);

/// created by main.main in goroutine 1
struct GoCreatedBy {
  std::string_view function;
};
[[nodiscard]] std::optional<GoCreatedBy> parse_go_created_by(std::string_view text);

/// "...additional frames elided...", "...65 frames elided..."
[[nodiscard]] bool is_go_elision(std::string_view text);

}  // namespace tailback::replay
