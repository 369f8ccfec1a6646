// Reads the tables of an incident file, recording by recording, into an EventSink.
//
// What a row refers to (texts, frames, stacks) was read beforehand and is checked where it is used: a damaged or hostile file yields diagnostics, and what
// was read before them stays. What can't go on throws StoreFailure.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/incident/content_store.h"
#include "runtime/incident/incident_reader.h"
#include "runtime/incident/sqlite.h"

namespace tailback {

inline std::uint64_t bits(std::int64_t value) { return std::bit_cast<std::uint64_t>(value); }

inline std::optional<RowId> optional_row(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

inline std::int64_t integer_or(const Statement& row, int column, std::int64_t otherwise) {
  return row.is_null(column) ? otherwise : row.integer(column);
}

class IncidentTablesReader {
 public:
  IncidentTablesReader(Database database, std::string path, EventSink& sink, IncidentParts parts)
      : database_(std::move(database)), path_(std::move(path)), sink_(sink), parts_(parts) {}

  void check_tables();
  /// `note`, unless empty, becomes a diagnostic of the first recording.
  void read(std::string note);

 private:
  struct RawFrame {
    RowId function, file, module;
    std::uint32_t line;
    bool inlined;
    std::uint64_t address, offset;
  };

  template <class Row>
  void each(std::string_view sql, std::optional<std::int64_t> key, Row&& row);
  template <class Enum>
  Enum word(std::string_view text, Enum otherwise);

  void load_content();
  void read_recording(RowId id, RecordingInfo info);
  void read_metrics(RowId recording);
  void read_tables(RowId recording);
  void read_events(RowId recording);
  void read_lock_events(RowId recording);
  void read_threads(RowId dump_row, Dump& dump);
  void read_locks(RowId dump_row, Dump& dump);
  std::vector<StringId> statements(RowId dump_row);

  StringId text(std::optional<RowId> row);
  StackId stack(std::optional<RowId> row);
  FrameId frame(RowId row);
  ArgumentsId arguments(std::optional<RowId> row);
  void damaged(std::string reason);

  Database database_;
  std::string path_, note_;
  EventSink& sink_;
  const IncidentParts parts_;
  std::unordered_map<RowId, std::string> texts_;
  std::unordered_map<RowId, RawFrame> frames_;
  std::unordered_map<RowId, std::string> stacks_;
  std::unordered_map<RowId, std::vector<unsigned char>> words_;

  Recording* recording_ = nullptr;  // the open one
  std::unordered_map<RowId, StringId> text_ids_;
  std::unordered_map<RowId, FrameId> frame_ids_;
  std::unordered_map<RowId, StackId> stack_ids_;
  std::unordered_map<RowId, ArgumentsId> arguments_ids_;
  std::unordered_map<RowId, MetricId> metric_ids_;
};

/// Steps through a query; damage ends it with a diagnostic, and what was read before stays.
template <class Row>
void IncidentTablesReader::each(std::string_view sql, std::optional<std::int64_t> key, Row&& row) {
  Result<Statement> statement = database_.prepare(sql);
  if (!statement) throw StoreFailure{statement.error()};
  if (key) statement->bind(1, *key);
  while (true) {
    const Result<bool> there = statement->step();
    if (!there) {
      if (!recording_) throw StoreFailure{there.error()};
      damaged("a table ends early: " + there.error().message);
      return;
    }
    if (!*there) return;
    row(*statement);
  }
}

template <class Enum>
Enum IncidentTablesReader::word(std::string_view text, Enum otherwise) {
  if (const std::optional<Enum> value = from_string<Enum>(text)) return *value;
  damaged("\"" + std::string(text.substr(0, 40)) + "\" is no word of the format");
  return otherwise;
}

}  // namespace tailback
