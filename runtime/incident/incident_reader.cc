#include "runtime/incident/incident_reader.h"

#include <bit>
#include <charconv>
#include <unordered_map>

#include "runtime/incident/content_store.h"
#include "runtime/incident/open.h"
#include "runtime/incident/schema.h"
#include "runtime/incident/sqlite.h"
#include "runtime/incident/varint.h"

namespace tailback {
namespace {

constexpr std::size_t kMaxFrames = 100000;  // of one stack; more is damage

std::uint64_t bits(std::int64_t value) { return std::bit_cast<std::uint64_t>(value); }

class Reader {
 public:
  Reader(Database database, std::string path, EventSink& sink, IncidentParts parts)
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

std::optional<RowId> optional_row(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

std::int64_t integer_or(const Statement& row, int column, std::int64_t otherwise) {
  return row.is_null(column) ? otherwise : row.integer(column);
}

void Reader::damaged(std::string reason) { sink_.diagnostic({Severity::kDataLoss, path_, 0, std::move(reason)}); }

/// Steps through a query; damage ends it with a diagnostic, and what was read before stays.
template <class Row>
void Reader::each(std::string_view sql, std::optional<std::int64_t> key, Row&& row) {
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
Enum Reader::word(std::string_view text, Enum otherwise) {
  if (const std::optional<Enum> value = from_string<Enum>(text)) return *value;
  damaged("\"" + std::string(text.substr(0, 40)) + "\" is no word of the format");
  return otherwise;
}

/// Our names must be tables: a hostile file could put a view or a virtual table in their place.
void Reader::check_tables() {
  const std::string_view schema = kSchema;
  constexpr std::string_view kCreate = "CREATE TABLE ";
  for (std::size_t at = schema.find(kCreate); at != std::string_view::npos; at = schema.find(kCreate, at + 1)) {
    const std::size_t begin = at + kCreate.size();
    const std::string name(schema.substr(begin, schema.find(' ', begin) - begin));
    bool found = false;
    each("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '" + name + "' AND sql NOT LIKE 'CREATE VIRTUAL%'", std::nullopt,
         [&](Statement&) { found = true; });
    if (!found) throw StoreFailure{{ErrorCode::kMalformed, "has no table \"" + name + "\"", path_}};
  }
}

void Reader::load_content() {
  each("SELECT id, text FROM text", std::nullopt, [&](Statement& row) { texts_.emplace(row.integer(0), std::string(row.text(1))); });
  if (parts_ == IncidentParts::kLockEvents) return;
  each("SELECT id, function_text, file_text, module_text, line, inlined, address, \"offset\" FROM frame", std::nullopt, [&](Statement& row) {
    frames_[row.integer(0)] = {integer_or(row, 1, 0), integer_or(row, 2, 0), integer_or(row, 3, 0), static_cast<std::uint32_t>(row.integer(4)),
                               row.integer(5) != 0, bits(row.integer(6)), bits(row.integer(7))};
  });
  each("SELECT id, frames FROM stack", std::nullopt, [&](Statement& row) { stacks_.emplace(row.integer(0), std::string(row.text(1))); });
  each("SELECT id, words FROM arguments", std::nullopt, [&](Statement& row) {
    const auto blob = row.blob(1);
    words_[row.integer(0)].assign(blob.begin(), blob.end());
  });
}

void Reader::read(std::string note) {
  note_ = std::move(note);
  load_content();
  std::vector<std::pair<RowId, RecordingInfo>> infos;
  each("SELECT id, source, runtime, instance, file, host, command, version, pid, started_wall_ns, ended_wall_ns FROM recording ORDER BY id",
       std::nullopt, [&](Statement& row) {
         RecordingInfo info;
         info.source = row.text(1);
         info.runtime = from_string<Runtime>(row.text(2)).value_or(Runtime::kUnknown);
         info.instance = row.text(3);
         info.file = row.text(4);
         info.host = row.text(5);
         info.command = row.text(6);
         info.version = row.text(7);
         info.pid = row.integer(8);
         info.started_wall_ns = row.integer(9);
         info.ended_wall_ns = integer_or(row, 10, 0);
         infos.emplace_back(row.integer(0), std::move(info));
       });
  for (auto& [id, info] : infos) read_recording(id, std::move(info));
}

void Reader::read_recording(RowId id, RecordingInfo info) {
  recording_ = &sink_.begin(std::move(info));
  text_ids_.clear();
  frame_ids_.clear();
  stack_ids_.clear();
  arguments_ids_.clear();
  metric_ids_.clear();
  if (!note_.empty()) damaged(std::exchange(note_, {}));
  read_metrics(id);
  read_tables(id);
  if (parts_ == IncidentParts::kAll) read_events(id);
  read_lock_events(id);
  sink_.end();
  recording_ = nullptr;
}

void Reader::read_metrics(RowId recording) {
  each("SELECT id, name, unit, counter FROM metric WHERE recording_id = ? ORDER BY id", recording, [&](Statement& row) {
    metric_ids_[row.integer(0)] = recording_->metric(row.text(1), row.text(2), row.integer(3) != 0);
  });
}

void Reader::read_tables(RowId recording) {
  each("SELECT path, build_id, base, begin, \"end\" FROM module WHERE recording_id = ? ORDER BY position", recording, [&](Statement& row) {
    recording_->modules.push_back({std::string(row.text(0)), std::string(row.text(1)), bits(row.integer(2)), bits(row.integer(3)),
                                   bits(row.integer(4))});
  });
  each("SELECT id, address, kind, policy, name FROM instrumented_lock WHERE recording_id = ? ORDER BY id", recording, [&](Statement& row) {
    Lock lock;
    lock.registry_id = bits(row.integer(0));
    lock.address = bits(row.integer(1));
    lock.kind = word(row.text(2), LockKind::kUnknown);
    lock.policy = word(row.text(3), LockPolicy::kUnknown);
    if (!row.text(4).empty()) lock.name = recording_->table.intern(row.text(4));
    recording_->instrumented_locks.push_back(std::move(lock));
  });
  each("SELECT name, value FROM counter WHERE recording_id = ? ORDER BY name", recording, [&](Statement& row) {
    recording_->counters.emplace_back(std::string(row.text(0)), bits(row.integer(1)));
  });
  each("SELECT severity, file, line, reason, count FROM diagnostic WHERE recording_id = ?", recording, [&](Statement& row) {
    sink_.diagnostic({from_string<Severity>(row.text(0)).value_or(Severity::kDataLoss), std::string(row.text(1)),
                      bits(integer_or(row, 2, 0)), std::string(row.text(3)), bits(row.integer(4))});
  });
}

/// Samples, breaches and dumps, merged by time; at equal times in that order.
void Reader::read_events(RowId recording) {
  std::vector<Sample> samples;
  RowId last = 0;
  each("SELECT s.id, s.wall_ns, s.mono_ns, v.metric_id, v.value, v.age_ns FROM sample s LEFT JOIN sample_value v ON v.sample_id = s.id"
       " WHERE s.recording_id = ? ORDER BY s.wall_ns, s.id", recording, [&](Statement& row) {
    if (samples.empty() || row.integer(0) != last) samples.push_back({row.integer(1), row.integer(2), {}});
    last = row.integer(0);
    if (row.is_null(3)) return;
    const auto metric = metric_ids_.find(row.integer(3));
    if (metric == metric_ids_.end()) return damaged("a sample's metric is not in the file");
    samples.back().values.push_back({metric->second, row.real(4), integer_or(row, 5, 0)});
  });
  std::vector<Breach> breaches;
  each("SELECT id, trigger, metric, value, threshold, opened_wall_ns, closed_wall_ns FROM breach WHERE recording_id = ? ORDER BY opened_wall_ns, id",
       recording, [&](Statement& row) {
    breaches.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2)), row.real(3), row.real(4), row.integer(5),
                        integer_or(row, 6, 0)});
  });
  std::size_t sample = 0, breach = 0;
  const auto yield_until = [&](std::int64_t wall_ns, bool all) {
    while (true) {
      const bool more_samples = sample < samples.size() && (all || samples[sample].wall_ns <= wall_ns);
      const bool more_breaches = breach < breaches.size() && (all || breaches[breach].opened_wall_ns <= wall_ns);
      if (more_samples && (!more_breaches || samples[sample].wall_ns <= breaches[breach].opened_wall_ns)) {
        sink_.sample(std::move(samples[sample++]));
      } else if (more_breaches) {
        sink_.breach(std::move(breaches[breach++]));
      } else {
        return;
      }
    }
  };
  each("SELECT id, number, wall_ns, mono_ns, duration_ns, reason, breach_id, threads_missed FROM dump WHERE recording_id = ? ORDER BY wall_ns, number",
       recording, [&](Statement& row) {
    yield_until(row.integer(2), false);
    Dump dump;
    dump.id = row.integer(1);
    dump.wall_ns = row.integer(2);
    dump.mono_ns = row.integer(3);
    dump.duration_ns = integer_or(row, 4, 0);
    if (!row.text(5).empty()) dump.reason = recording_->table.intern(row.text(5));
    dump.breach_id = integer_or(row, 6, 0);
    dump.threads_missed = bits(row.integer(7));
    dump.statements = statements(row.integer(0));
    read_threads(row.integer(0), dump);
    read_locks(row.integer(0), dump);
    sink_.dump(std::move(dump));
  });
  yield_until(0, true);
}

std::vector<StringId> Reader::statements(RowId dump_row) {
  std::vector<StringId> out;
  each("SELECT j.value FROM dump, json_each(CASE WHEN json_valid(statements) THEN statements ELSE '[]' END) AS j WHERE dump.id = ?", dump_row,
       [&](Statement& row) { out.push_back(recording_->table.intern(row.text(0))); });
  return out;
}

void Reader::read_threads(RowId dump_row, Dump& dump) {
  bool lines = false;
  each("SELECT t.id, name_text, stack_id, s.text, printed_text, q.text, absence_text, label_text, created_by_text, arguments_id, count,"
       " system_call, waited_ns, cpu_ns, line FROM thread t LEFT JOIN text s ON s.id = state_text LEFT JOIN text q ON q.id = quality_text"
       " WHERE dump_id = ? ORDER BY position", dump_row, [&](Statement& row) {
    ThreadRecord thread;
    thread.id = row.text(0);
    thread.name = text(optional_row(row, 1));
    thread.stack = stack(optional_row(row, 2));
    thread.state = word(row.text(3), ThreadState::kUnknown);
    thread.state_text = text(optional_row(row, 4));
    if (!row.is_null(5)) thread.quality = word(row.text(5), StackQuality::kPartial);
    thread.absence_reason = text(optional_row(row, 6));
    thread.label = text(optional_row(row, 7));
    thread.created_by = text(optional_row(row, 8));
    thread.arguments = arguments(optional_row(row, 9));
    thread.count = static_cast<std::uint32_t>(integer_or(row, 10, 1));
    thread.system_call = static_cast<std::int32_t>(integer_or(row, 11, -1));
    thread.waited_ns = integer_or(row, 12, -1);
    thread.cpu_ns = integer_or(row, 13, -1);
    lines = lines || !row.is_null(14);
    dump.line_of_thread.push_back(bits(integer_or(row, 14, 0)));
    dump.threads.push_back(std::move(thread));
  });
  if (!lines) dump.line_of_thread.clear();
}

void Reader::read_locks(RowId dump_row, Dump& dump) {
  each("SELECT address, kind, policy, name_text, readers, queued, owner, registry_id FROM lock WHERE dump_id = ? ORDER BY position", dump_row,
       [&](Statement& row) {
    Lock lock;
    lock.address = bits(row.integer(0));
    lock.kind = word(row.text(1), LockKind::kUnknown);
    lock.policy = word(row.text(2), LockPolicy::kUnknown);
    lock.name = text(optional_row(row, 3));
    lock.readers = integer_or(row, 4, -1);
    lock.queued = integer_or(row, 5, -1);
    lock.owner = row.text(6);
    lock.registry_id = bits(integer_or(row, 7, 0));
    dump.locks.push_back(std::move(lock));
  });
  const auto known = [&](std::int64_t thread, std::int64_t lock) {
    const bool ok = thread >= 0 && thread < static_cast<std::int64_t>(dump.threads.size()) && lock >= 0 &&
                    lock < static_cast<std::int64_t>(dump.locks.size());
    if (!ok) damaged("a wait or hold names a thread or lock that is not in its dump");
    return ok;
  };
  each("SELECT thread, lock, m.text, front, frame, since_ns FROM wait LEFT JOIN text m ON m.id = mode_text WHERE dump_id = ? ORDER BY thread, lock",
       dump_row, [&](Statement& row) {
    if (!known(row.integer(0), row.integer(1))) return;
    dump.waits.push_back({{static_cast<std::uint32_t>(row.integer(0))}, {static_cast<std::uint32_t>(row.integer(1))},
                          word(row.text(2), LockMode::kExclusive), integer_or(row, 3, 0) != 0, static_cast<std::uint16_t>(row.integer(4)),
                          integer_or(row, 5, -1)});
  });
  each("SELECT thread, lock, mode, basis, frame, strength, evidence_text FROM hold WHERE dump_id = ? ORDER BY id", dump_row, [&](Statement& row) {
    if (!known(integer_or(row, 0, dump.threads.empty() ? -1 : 0), row.integer(1))) return;
    Hold hold;
    if (!row.is_null(0)) hold.thread = {static_cast<std::uint32_t>(row.integer(0))};
    hold.lock = {static_cast<std::uint32_t>(row.integer(1))};
    hold.mode = word(row.text(2), LockMode::kExclusive);
    hold.basis = word(row.text(3), Basis::kInferred);
    hold.frame = static_cast<std::uint16_t>(integer_or(row, 4, Hold::kNoFrame));
    hold.strength = static_cast<std::uint8_t>(row.integer(5));
    hold.evidence = text(optional_row(row, 6));
    dump.holds.push_back(hold);
  });
}

// There may be tens of millions of them: the words of each are looked up in memory, not joined.
void Reader::read_lock_events(RowId recording) {
  std::unordered_map<RowId, std::optional<LockOperation>> operations;
  std::unordered_map<RowId, LockMode> modes;
  const auto text_of = [&](RowId id) {
    const auto found = texts_.find(id);
    return found == texts_.end() ? std::string_view() : std::string_view(found->second);
  };
  each("SELECT \"order\", mono_ns, thread, lock, operation_text, mode_text, other, place_text FROM lock_event WHERE recording_id = ? ORDER BY \"order\"",
       recording, [&](Statement& row) {
    const auto [operation, fresh] = operations.try_emplace(row.integer(4));
    if (fresh) operation->second = from_string<LockOperation>(text_of(row.integer(4)));
    if (!operation->second) return damaged("a lock event's operation is no word of the format");
    const auto [mode, unknown] = modes.try_emplace(row.integer(5), LockMode::kExclusive);
    if (unknown) mode->second = word(text_of(row.integer(5)), LockMode::kExclusive);
    sink_.lock_event({bits(row.integer(0)), integer_or(row, 1, 0), bits(row.integer(2)), bits(integer_or(row, 3, 0)), *operation->second,
                      mode->second, bits(integer_or(row, 6, 0)), text(optional_row(row, 7))});
  });
}

StringId Reader::text(std::optional<RowId> row) {
  if (!row || *row == 0) return {};
  if (const auto known = text_ids_.find(*row); known != text_ids_.end()) return known->second;
  const auto found = texts_.find(*row);
  if (found == texts_.end()) {
    damaged("a text is missing");
    return {};
  }
  return text_ids_[*row] = recording_->table.intern(std::string_view(found->second));
}

FrameId Reader::frame(RowId row) {
  if (const auto known = frame_ids_.find(row); known != frame_ids_.end()) return known->second;
  Frame frame;
  if (const auto found = frames_.find(row); found != frames_.end()) {
    const RawFrame& raw = found->second;
    frame = {text(raw.function), text(raw.file), text(raw.module), raw.line, raw.inlined, raw.address, raw.offset};
  } else {
    damaged("a frame is missing");
  }
  return frame_ids_[row] = recording_->table.intern(frame);
}

StackId Reader::stack(std::optional<RowId> row) {
  if (!row) return {};
  if (const auto known = stack_ids_.find(*row); known != stack_ids_.end()) return known->second;
  const auto found = stacks_.find(*row);
  if (found == stacks_.end()) {
    damaged("a stack is missing");
    return {};
  }
  std::vector<FrameId> frames;
  const char* at = found->second.data();
  const char* const end = at + found->second.size();
  while (at < end && frames.size() < kMaxFrames) {
    RowId id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error == std::errc()) frames.push_back(frame(id));
    at = error == std::errc() ? next : at + 1;
  }
  return stack_ids_[*row] = recording_->table.intern(std::span<const FrameId>(frames));
}

ArgumentsId Reader::arguments(std::optional<RowId> row) {
  if (!row) return {};
  if (const auto known = arguments_ids_.find(*row); known != arguments_ids_.end()) return known->second;
  std::vector<Argument> list;
  std::span<const unsigned char> in = words_[*row];
  while (!in.empty()) {
    const unsigned flags = in[0];
    in = in.subspan(1);
    const auto frame_index = take_varint(in), position = take_varint(in);
    const auto name = flags & 2 ? take_varint(in) : std::optional<std::uint64_t>(0);
    const auto value = take_varint(in);
    if (!frame_index || !position || !name || !value) {
      damaged("argument words are cut short");
      break;
    }
    list.push_back({*value, text(static_cast<RowId>(*name)), static_cast<std::uint16_t>(*frame_index), static_cast<std::uint8_t>(*position),
                    (flags & 1) != 0});
  }
  return arguments_ids_[*row] = recording_->table.intern(std::span<const Argument>(list));
}

}  // namespace

bool looks_like_incident(std::string_view head) { return head.starts_with(std::string_view("SQLite format 3\0", 16)); }

Result<void> read_incident(const std::string& path, EventSink& sink, IncidentParts parts) {
  bool without_wal = false;
  Result<Database> database = open_incident(path, without_wal);
  if (!database) return database.error();
  try {
    Reader reader(std::move(*database), path, sink, parts);
    reader.check_tables();
    reader.read(without_wal ? "its write-ahead log (-wal) can't be read here: the newest events may be missing" : "");
  } catch (const StoreFailure& failure) {
    return Error{ErrorCode::kMalformed, "is damaged: " + failure.error.message, path};
  }
  return {};
}

}  // namespace tailback
