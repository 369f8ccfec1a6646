#include "runtime/incident/signature_store.h"

#include "runtime/incident/content_store.h"
#include "runtime/incident/open.h"

namespace tailback {
namespace {

/// A hostile file may hold any number of rows; an analysis concludes a handful.
constexpr std::size_t kMostSignatures = 1000;

std::vector<RecordedIncident> read_all(Database& database) {
  std::vector<RecordedIncident> incidents;
  std::vector<std::int64_t> rows;
  Statement recordings = must(database.prepare(
      "SELECT id, pid, host, COALESCE((SELECT wall_ns FROM dump WHERE recording_id = recording.id AND wall_ns != 0 ORDER BY number LIMIT 1), started_wall_ns) "
      "FROM recording ORDER BY id"));
  while (must(recordings.step())) {
    RecordedIncident& incident = incidents.emplace_back();
    rows.push_back(recordings.integer(0));
    incident.pid = recordings.integer(1);
    incident.host = recordings.text(2);
    incident.wall_ns = recordings.integer(3);
  }
  Statement signatures = must(database.prepare(
      "SELECT signature, kind, severity, confidence, title, blocked, first_seen_wall_ns FROM finding_signature WHERE recording_id = ? ORDER BY signature"));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    signatures.bind(1, rows[i]);
    while (incidents[i].signatures.size() < kMostSignatures && must(signatures.step())) {
      const auto word = [&](int column) { return std::string(signatures.text(column)); };
      incidents[i].signatures.push_back({word(0), word(1), word(2), word(3), word(4), static_cast<std::uint64_t>(signatures.integer(5)), signatures.integer(6)});
    }
    signatures.reset();
  }
  return incidents;
}

}  // namespace

Result<void> store_signatures(const std::string& path, std::size_t recording_index, const std::vector<FindingSignature>& signatures) {
  Result<Database> database = open_incident_to_write(path);
  if (!database) return database.error();
  try {
    must(database->execute("BEGIN IMMEDIATE"));
    Statement forget = must(database->prepare("DELETE FROM finding_signature WHERE recording_id = (SELECT id FROM recording ORDER BY id LIMIT 1 OFFSET ?)"));
    must(forget.run(static_cast<std::int64_t>(recording_index)));
    Statement insert = must(database->prepare(
        "INSERT OR REPLACE INTO finding_signature SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, NULLIF(?8, 0) FROM recording ORDER BY id LIMIT 1 OFFSET ?1"));
    for (const FindingSignature& s : signatures) {
      must(insert.run(static_cast<std::int64_t>(recording_index), std::string_view(s.signature), std::string_view(s.kind), std::string_view(s.severity),
                      std::string_view(s.confidence), std::string_view(s.title), static_cast<std::int64_t>(s.blocked), s.first_seen_wall_ns));
    }
    must(database->execute("COMMIT"));
  } catch (const StoreFailure& failure) {
    return failure.error;
  }
  return {};
}

Result<std::vector<RecordedIncident>> read_signatures(const std::string& path) {
  bool without_wal = false;
  Result<Database> database = open_incident(path, without_wal);
  if (!database) return database.error();
  try {
    return read_all(*database);
  } catch (const StoreFailure& failure) {
    return Error{ErrorCode::kMalformed, "is damaged: " + failure.error.message, path};
  }
}

}  // namespace tailback
