// The pieces of the envelopes that prefix.h takes off, each by its shape alone.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace tailback::replay {

/// "registryd[2114]: text", "kernel: text", at the front of `text`.
struct Ident {
  std::string_view name;  ///< with the pid
  std::int64_t pid = 0;
  std::size_t size = 0;   ///< with the colon and the space behind it
};

/// Size 0 where none is there.
[[nodiscard]] Ident ident_at_begin(std::string_view text);

/// "app-1  | ", as docker compose prints it; how long it is, 0 where it is not there.
[[nodiscard]] std::size_t compose_size(std::string_view text);

/// "   41<tab>", "41:" as cat -n, less -N and grep -n put it before every line; how long it is, 0 where it is not there.
[[nodiscard]] std::size_t line_number_size(std::string_view text);
/// Whether nearly every line of `head` has such a number, and they follow each other.
[[nodiscard]] bool has_line_numbers(std::string_view head);

/// Cuts "INFO", "[WARN]", "error:", then "main.go:12:" off the front of what a logger wrote after the time.
[[nodiscard]] std::string_view without_level_and_place(std::string_view text);

/// "09:31:50.123 [main] WARN c.a.Dumper - " at the front of `text`, a logger's of Java that tells no day; how long it is, 0 where it is not there.
[[nodiscard]] std::size_t timed_java_logger_size(std::string_view text);

}  // namespace tailback::replay
