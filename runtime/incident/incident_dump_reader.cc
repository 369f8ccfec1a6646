#include <charconv>

#include "runtime/incident/incident_tables_reader.h"
#include "runtime/incident/varint.h"

namespace tailback {

namespace {

constexpr std::size_t kMaxFrames = 100000;  // of one stack; more is damage

}  // namespace

std::vector<StringId> IncidentTablesReader::statements(RowId dump_row) {
  std::vector<StringId> out;
  each("SELECT j.value FROM dump, json_each(CASE WHEN json_valid(statements) THEN statements ELSE '[]' END) AS j WHERE dump.id = ?", dump_row,
       [&](Statement& row) { out.push_back(recording_->table.intern(row.text(0))); });
  return out;
}

void IncidentTablesReader::read_threads(RowId dump_row, Dump& dump) {
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

void IncidentTablesReader::read_locks(RowId dump_row, Dump& dump) {
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
void IncidentTablesReader::read_lock_events(RowId recording) {
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

StringId IncidentTablesReader::text(std::optional<RowId> row) {
  if (!row || *row == 0) return {};
  if (const auto known = text_ids_.find(*row); known != text_ids_.end()) return known->second;
  const auto found = texts_.find(*row);
  if (found == texts_.end()) {
    damaged("a text is missing");
    return {};
  }
  return text_ids_[*row] = recording_->table.intern(std::string_view(found->second));
}

FrameId IncidentTablesReader::frame(RowId row) {
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

StackId IncidentTablesReader::stack(std::optional<RowId> row) {
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

ArgumentsId IncidentTablesReader::arguments(std::optional<RowId> row) {
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

}  // namespace tailback
