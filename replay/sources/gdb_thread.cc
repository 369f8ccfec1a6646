#include "replay/sources/gdb_thread.h"

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

std::string_view digits_at(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  return text.substr(0, size);
}

/// "1128.0x1700", "4711.4712": the process and, what names a thread, the thread in it.
std::string_view thread_of_process(std::string_view text) {
  std::string_view rest = text;
  const std::string_view process = digits_at(rest);
  if (process.empty() || rest.substr(process.size(), 1) != ".") return {};
  rest.remove_prefix(process.size() + 1);
  const std::string_view number = rest;
  if (take_hex(rest)) return number.substr(0, number.size() - rest.size());
  return digits_at(number);
}

/// Id and name out of gdb's description of a thread; leaves `text` behind the description.
///     Thread 0x7f882ef0c440 (LWP 69917) "a"
GdbThread take_target(std::string_view& text) {
  GdbThread thread;
  for (const std::string_view word : {"LWP ", "process ", "Thread "}) {
    const std::size_t at = text.find(word);
    if (at == std::string_view::npos || at > 64) continue;
    const std::string_view behind = text.substr(at + word.size());
    thread.id = thread_of_process(behind);
    if (thread.id.empty() && !behind.starts_with("0x")) thread.id = digits_at(behind);
    if (thread.id.empty()) continue;
    text.remove_prefix(static_cast<std::size_t>(thread.id.data() + thread.id.size() - text.data()));
    break;
  }
  // "LWP 4711 "name")", "LWP 4711) "name"", and quickstack's "LWP 4711), name:".
  while (skip(text, ")") || skip(text, " ")) {}
  if (skip(text, "\"")) thread.name = take_until(text, "\"");
  else if (skip(text, ", ") && text.ends_with(':')) thread.name = text.substr(0, text.size() - 1);
  return thread;
}

/// gdb's own number of a thread, "3" or "1.3".
std::string_view number_at(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  return text.substr(0, end);
}

/// What follows "Thread " or "thread ": "5 (Thread 0x7f852667e700 (LWP 26936))".
std::optional<GdbThread> parse_numbered(std::string_view text) {
  const std::string_view number = number_at(text);
  if (number.empty() || text.substr(number.size(), 2) != " (") return std::nullopt;
  std::string_view target = text.substr(number.size() + 2);
  GdbThread thread = take_target(target);
  if (thread.id.empty()) thread.id = number;
  if (const std::size_t dot = number.find('.'); dot != std::string_view::npos) thread.inferior = number.substr(0, dot);
  return thread;
}

}  // namespace

std::optional<GdbThread> parse_gdb_header(std::string_view line) {
  if (!skip(line, "Thread ") || line.empty() || !is_digit(line.front()) || !line.ends_with(':')) return std::nullopt;
  return parse_numbered(line);
}

std::optional<GdbThread> parse_gdb_selection(std::string_view line) {
  if (skip(line, "[Switching to thread ") || skip(line, "[Current thread is ")) return parse_numbered(line);
  if (!skip(line, "[Switching to Thread ")) return std::nullopt;
  GdbThread thread = take_target(line);
  return thread.id.empty() ? std::nullopt : std::optional(thread);
}

std::optional<GdbListed> parse_gdb_listed(std::string_view line) {
  line = trim(line);
  (void)skip(line, "*");
  line = trim_front(line);
  const std::string_view number = number_at(line);
  if (number.empty() || !line.substr(number.size()).starts_with(' ')) return std::nullopt;
  line = trim_front(line.substr(number.size()));
  GdbListed row;
  row.thread = take_target(line);
  if (row.thread.id.empty()) return std::nullopt;
  if (const std::size_t dot = number.find('.'); dot != std::string_view::npos) row.thread.inferior = number.substr(0, dot);
  row.frame = trim_front(line);
  return row;
}

bool is_gdb_listed(std::string_view line) {
  line = trim(line);
  (void)skip(line, "*");
  line = trim_front(line);
  const std::string_view number = digits_at(line);
  if (number.empty()) return false;
  line = trim_front(line.substr(number.size()));
  return line.starts_with("Thread 0x") && line.find(" (LWP ") < 32;
}

}  // namespace tailback::replay
