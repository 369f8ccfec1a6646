#include "runtime/incident/content_store.h"

#include <xxhash.h>

#include <bit>

#include "runtime/incident/varint.h"

namespace tailback {
namespace {

/// The cell of an id in a cache that grows with the table.
template <class Id>
RowId& cell(std::vector<RowId>& cache, Id id) {
  if (id.index >= cache.size()) cache.resize(id.index + 1);
  return cache[id.index];
}

std::int64_t hash_of(const void* data, std::size_t size) { return std::bit_cast<std::int64_t>(XXH3_64bits(data, size)); }

}  // namespace

ContentStore::ContentStore(Database& database) : database_(database) {
  insert_text_ = must(database_.prepare("INSERT INTO text(text) VALUES(?) ON CONFLICT DO NOTHING"));
  find_text_ = must(database_.prepare("SELECT id FROM text WHERE text = ?"));
  insert_frame_ = must(database_.prepare(
      "INSERT INTO frame(function_text, file_text, module_text, line, inlined, address, \"offset\", hash) VALUES(?,?,?,?,?,?,?,?)"));
  find_frame_ = must(database_.prepare(
      "SELECT id FROM frame WHERE hash = ? AND function_text IS ? AND file_text IS ? AND module_text IS ? AND line = ?"
      " AND inlined = ? AND address = ? AND \"offset\" = ?"));
  insert_stack_ = must(database_.prepare("INSERT INTO stack(frames, hash) VALUES(?,?)"));
  find_stack_ = must(database_.prepare("SELECT id FROM stack WHERE hash = ? AND frames = ?"));
  insert_arguments_ = must(database_.prepare("INSERT INTO arguments(words, hash) VALUES(?,?)"));
  find_arguments_ = must(database_.prepare("SELECT id FROM arguments WHERE hash = ? AND words = ?"));
}

void ContentStore::next_recording() {
  texts_.clear();
  frames_.clear();
  stacks_.clear();
  arguments_.clear();
}

void ContentStore::forget() {
  next_recording();
  words_.clear();
}

RowId ContentStore::store_text(std::string_view text) {
  must(insert_text_.run(text));
  if (database_.changes() > 0) return database_.last_row();
  find_text_.bind(1, text);
  if (!must(find_text_.step())) throw StoreFailure{{ErrorCode::kInternal, "a text vanished from the incident file", {}}};
  const RowId row = find_text_.integer(0);
  find_text_.reset();
  return row;
}

RowId ContentStore::word(std::string_view text) {
  for (const auto& [word, row] : words_) {
    if (word == text) return row;
  }
  const RowId row = store_text(text);
  words_.emplace_back(text, row);
  return row;
}

std::optional<RowId> ContentStore::text(const StackTable& table, StringId id) {
  if (!id) return std::nullopt;
  if (const RowId known = cell(texts_, id)) return known;
  const RowId row = store_text(table.text(id));
  cell(texts_, id) = row;
  return row;
}

RowId ContentStore::frame(const StackTable& table, FrameId id) {
  if (const RowId known = cell(frames_, id)) return known;
  const RowId row = store_frame(table, table.frame(id));
  cell(frames_, id) = row;
  return row;
}

RowId ContentStore::store_frame(const StackTable& table, const Frame& frame) {
  const auto function = text(table, frame.function), file = text(table, frame.file), module = text(table, frame.module);
  const std::int64_t key[] = {function.value_or(0), file.value_or(0), module.value_or(0), frame.line, frame.inlined,
                              std::bit_cast<std::int64_t>(frame.address), std::bit_cast<std::int64_t>(frame.offset)};
  const std::int64_t hash = hash_of(key, sizeof key);
  find_frame_.bind(1, hash);
  find_frame_.bind(2, function);
  find_frame_.bind(3, file);
  find_frame_.bind(4, module);
  for (int i = 3; i < 7; ++i) find_frame_.bind(2 + i, key[i]);
  if (must(find_frame_.step())) {
    const RowId row = find_frame_.integer(0);
    find_frame_.reset();
    return row;
  }
  must(insert_frame_.run(function, file, module, key[3], key[4], key[5], key[6], hash));
  return database_.last_row();
}

std::optional<RowId> ContentStore::stack(const StackTable& table, StackId id) {
  if (!id) return std::nullopt;
  if (const RowId known = cell(stacks_, id)) return known;
  std::string json = "[";
  for (const FrameId frame_id : table.stack(id)) {
    if (json.size() > 1) json += ',';
    json += std::to_string(frame(table, frame_id));
  }
  json += ']';
  const std::int64_t hash = hash_of(json.data(), json.size());
  find_stack_.bind(1, hash);
  find_stack_.bind(2, std::string_view(json));
  RowId row = 0;
  if (must(find_stack_.step())) {
    row = find_stack_.integer(0);
    find_stack_.reset();
  } else {
    must(insert_stack_.run(std::string_view(json), hash));
    row = database_.last_row();
  }
  cell(stacks_, id) = row;
  return row;
}

std::optional<RowId> ContentStore::arguments(const StackTable& table, ArgumentsId id) {
  if (!id) return std::nullopt;
  if (const RowId known = cell(arguments_, id)) return known;
  bytes_.clear();
  for (const Argument& argument : table.arguments(id)) {
    const std::optional<RowId> name = text(table, argument.name);
    bytes_.push_back(static_cast<unsigned char>((argument.uncertain ? 1 : 0) | (name ? 2 : 0)));
    put_varint(bytes_, argument.frame);
    put_varint(bytes_, argument.position);
    if (name) put_varint(bytes_, static_cast<std::uint64_t>(*name));
    put_varint(bytes_, argument.value);
  }
  const std::span<const unsigned char> words(bytes_);
  const std::int64_t hash = hash_of(words.data(), words.size());
  find_arguments_.bind(1, hash);
  find_arguments_.bind(2, words);
  RowId row = 0;
  if (must(find_arguments_.step())) {
    row = find_arguments_.integer(0);
    find_arguments_.reset();
  } else {
    must(insert_arguments_.run(words, hash));
    row = database_.last_row();
  }
  cell(arguments_, id) = row;
  return row;
}

}  // namespace tailback
