#include "replay/sources/line_order.h"

#include <array>

#include "replay/sources/go_lines.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// goroutine 39 [running]:
bool is_go_header(std::string_view line) {
  const std::size_t at = line.ends_with(':') ? line.find("goroutine ") : std::string_view::npos;
  return at != std::string_view::npos && parse_go_header(line.substr(at)).has_value();
}

/// main.(*HashSet).AddOne(0xc0000b4008)
bool is_go_call(std::string_view line) { return line.ends_with(')') && line.find('(') != std::string_view::npos && line.find(".go:") == std::string_view::npos; }

/// 42804 @ 0x43b8c5 0x44b8a5
bool is_profile_record(std::string_view line) {
  const std::size_t at = line.find(" @ 0x");
  return at != std::string_view::npos && at > 0 && is_digit(line[at - 1]);
}

/// #	0x46a6e6	sync.runtime_SemacquireMutex+0x46	/usr/local/go/src/runtime/sema.go:71
bool is_profile_frame(std::string_view line) {
  const std::size_t at = line.find('#');
  return at != std::string_view::npos && trim_front(line.substr(at + 1)).starts_with("0x");
}

bool is_python_header(std::string_view line) { return line.ends_with("(most recent call first):"); }
bool is_python_frame(std::string_view line) { return line.find("File \"") != std::string_view::npos && line.find("\", line ") != std::string_view::npos; }

bool is_java_header(std::string_view line) { return line.find("\" ") != std::string_view::npos && line.find(" nid=") != std::string_view::npos; }
bool is_java_state(std::string_view line) { return line.find("java.lang.Thread.State: ") != std::string_view::npos; }

/// A line that begins a thread, and one that stands next to it among the thread's own.
struct Pair {
  bool (*header)(std::string_view line);
  bool (*member)(std::string_view line);
  int weight;  ///< a pair the wrong way round may come of a cut; a Go call above a header, without its place between them, does not
};

constexpr std::array kPairs = std::to_array<Pair>({
    {is_go_header, is_go_call, 2}, {is_profile_record, is_profile_frame, 1}, {is_python_header, is_python_frame, 1}, {is_java_header, is_java_state, 1},
});

}  // namespace

bool newest_line_first(std::string_view head) {
  constexpr int kEnough = 2;
  int reversed = 0;
  std::string_view before, line = trim(take_line(head));
  while (!line.empty() || !head.empty()) {
    const std::string_view after = trim(take_line(head));
    for (const Pair& pair : kPairs) {
      if (!pair.header(line)) continue;
      if (pair.member(after)) return false;
      if (pair.member(before)) reversed += pair.weight;
    }
    before = line;
    line = after;
  }
  return reversed >= kEnough;
}

}  // namespace tailback::replay
