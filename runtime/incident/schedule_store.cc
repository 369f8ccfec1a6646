#include "runtime/incident/schedule_store.h"

#include "runtime/incident/content_store.h"
#include "runtime/incident/open.h"

namespace tailback {
namespace {

/// Not among schema.sql's tables, which every file of the format has. Described in FORMAT.md, "Optional tables".
constexpr const char* kTable =
    "CREATE TABLE IF NOT EXISTS schedule (\n"
    "  recording_id INTEGER PRIMARY KEY REFERENCES recording(id),\n"
    "  text         TEXT NOT NULL\n"
    ") STRICT";

Error none(const std::string& path) {
  return {ErrorCode::kNotFound, "has no schedule; `tailback replay locks FILE --keep-schedule` finds the deadlock's and puts it in", path};
}

}  // namespace

Result<void> store_schedule(const std::string& path, std::size_t recording_index, std::string_view text) {
  Result<Database> database = open_incident_to_write(path);
  if (!database) return database.error();
  try {
    must(database->execute("BEGIN IMMEDIATE"));
    must(database->execute(kTable));
    Statement insert = must(database->prepare("INSERT OR REPLACE INTO schedule SELECT id, ?2 FROM recording ORDER BY id LIMIT 1 OFFSET ?1"));
    must(insert.run(static_cast<std::int64_t>(recording_index), text));
    must(database->execute("COMMIT"));
  } catch (const StoreFailure& failure) {
    return failure.error;
  }
  return {};
}

Result<std::string> read_schedule(const std::string& path) {
  bool without_wal = false;
  Result<Database> database = open_incident(path, without_wal);
  if (!database) return database.error();
  try {
    // A virtual table of that name would run code of its own.
    const std::int64_t there =
        must(database->integer("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schedule' AND sql NOT LIKE 'CREATE VIRTUAL%'"));
    if (there == 0) return none(path);
    Statement newest = must(database->prepare("SELECT text FROM schedule ORDER BY recording_id DESC LIMIT 1"));
    if (!must(newest.step())) return none(path);
    return std::string(newest.text(0));
  } catch (const StoreFailure& failure) {
    return Error{ErrorCode::kMalformed, "is damaged: " + failure.error.message, path};
  }
}

}  // namespace tailback
