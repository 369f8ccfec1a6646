// Log lines that are JSON objects: docker's json-file, journalctl -o json, and what structured loggers write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailback::replay {

/// What a container's or the journal's record says.
struct JsonRecord {
  std::string message;      ///< may hold several lines
  std::string time;         ///< RFC 3339 (docker); empty: see wall_ns
  std::int64_t wall_ns = 0; ///< journald
  std::string stream, lane, host;
  std::int64_t pid = 0;
  bool whole = true;        ///< false: docker split the line, its next record goes on with it
};

/// {"log":"text\n","stream":"stderr","time":"…"} or {"MESSAGE":"text",…}, where MESSAGE may be an array of bytes; none for others.
[[nodiscard]] std::optional<JsonRecord> read_container_record(std::string_view text);

/// The texts of several lines in a structured logger's record ("stacktrace":"goroutine 1 [running]:\n…"), one after another;
/// empty where there are none.
[[nodiscard]] std::string multi_line_values(std::string_view text);

/// What stands behind the opening quote of the first of "textPayload", "message", "msg", "log", escaped as it is; empty: none.
[[nodiscard]] std::string_view message_value(std::string_view text);

/// The value of the first of "time", "timestamp", "@timestamp", "ts" in a structured logger's record, as text; empty: none.
[[nodiscard]] std::string_view time_value(std::string_view text);

}  // namespace tailback::replay
