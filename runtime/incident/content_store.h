// Puts the content of a StackTable (texts, frames, stacks, argument lists) into an incident file, each once.
//
// Ids of one table are cached, so that a known stack costs no SQL. Content that the file holds already, from an earlier
// recording, is found by its hash.
//
// Errors: throws StoreFailure, which IncidentWriter catches; after a rollback call forget().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/incident/sqlite.h"
#include "runtime/incident/stack_table.h"

namespace tailback {

/// Thrown inside the writer only.
struct StoreFailure {
  Error error;
};

inline void must(Result<void> result) {
  if (!result) throw StoreFailure{result.error()};
}

template <class T>
T must(Result<T> result) {
  if (!result) throw StoreFailure{result.error()};
  return std::move(*result);
}

using RowId = std::int64_t;

class ContentStore {
 public:
  explicit ContentStore(Database& database);

  /// None for a none id, which is NULL in the file.
  std::optional<RowId> text(const StackTable& table, StringId id);
  std::optional<RowId> stack(const StackTable& table, StackId id);
  std::optional<RowId> arguments(const StackTable& table, ArgumentsId id);

  /// A text that is no StackTable's: a word of the model.
  RowId word(std::string_view text);

  /// Drops the ids of the current StackTable: a new recording begins.
  void next_recording();
  /// Drops all cached ids: rows may have been rolled back.
  void forget();

 private:
  RowId frame(const StackTable& table, FrameId id);
  RowId store_text(std::string_view text);
  RowId store_frame(const StackTable& table, const Frame& frame);

  Database& database_;
  Statement insert_text_, find_text_, insert_frame_, find_frame_, insert_stack_, find_stack_, insert_arguments_, find_arguments_;
  std::vector<RowId> texts_, frames_, stacks_, arguments_;   // by id; 0: not stored yet
  std::vector<std::pair<std::string, RowId>> words_;
  std::vector<unsigned char> bytes_;    // scratch
};

}  // namespace tailback
