#include "replay/sources/gdb_terminal.h"

#include <algorithm>
#include <array>

#include "replay/sources/scan.h"

namespace tailback::replay {

std::optional<PagedLine> find_pager(std::string_view line) {
  if (line.find("--Type <") == std::string_view::npos) return std::nullopt;
  for (const std::string_view question : {"---Type <return> to continue, or q <return> to quit---", "--Type <RET> for more, q to quit, c to continue without paging--"}) {
    const std::size_t at = line.find(question);
    if (at == std::string_view::npos) continue;
    PagedLine paged{line.substr(0, at), line.substr(at + question.size())};
    if (const std::string_view answer = trim(paged.behind); answer == "c" || answer == "q") paged.behind = {};
    return paged;
  }
  return std::nullopt;
}

bool skip_prompts(std::string_view& line) {
  bool any = false;
  while (skip(line, "(gdb) ") || skip(line, "(rr) ")) any = true;
  return any;
}

bool is_gdb_chatter(std::string_view line) {
  static constexpr std::array<std::string_view, 28> kBeginnings = {
      "[New ", "[Thread ", "[Switching ", "[Inferior ", "[Current ", "[Detaching", "[Attaching", "Using host ", "warning: ",
      "Backtrace stopped", "(More stack", "No locals", "No symbol", "No more frames", "(gdb)", "Reading ", "done.", "Core was generated",
      "Program terminated", "Missing separate", "0x", "Attaching ", "Detaching ", "A debugging session", "Quit", "$", "Initial frame", "Bottom (innermost)"};
  if (std::any_of(kBeginnings.begin(), kBeginnings.end(), [line](std::string_view b) { return line.starts_with(b); })) return true;
  // The line of source that the selected frame is at: "135\tlowlevellock.S: No such file or directory.", "14\t  next = head;".
  std::string_view rest = line;
  return take_number(rest) && rest.starts_with('\t');
}

std::optional<std::uint64_t> printed_mutex(std::string_view command) {
  std::string_view word = take_until(command, " ");
  if (word != "p" && word != "print" && word != "output" && !word.starts_with("p/") && !word.starts_with("print/")) return std::nullopt;
  if (command.find("pthread_mutex_t") == std::string_view::npos) return std::nullopt;
  const std::size_t at = command.find("0x");
  if (at == std::string_view::npos) return std::nullopt;
  command.remove_prefix(at);
  return take_hex(command);
}

std::optional<std::uint64_t> printed_owner(std::string_view line) {
  if (!line.starts_with('$')) return std::nullopt;
  constexpr std::string_view kOwner = "__owner = ";
  const std::size_t at = line.find(kOwner);
  if (line.find("{__data = {__lock = ") == std::string_view::npos || at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + kOwner.size());
  return take_number(line);
}

}  // namespace tailback::replay
