#include "replay/sources/log_json.h"

#include <nlohmann/json.hpp>

#include <array>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const json& object, const char* key) {
  const std::string text = text_of(object, key);
  std::string_view rest = text;
  const auto number = take_number(rest);
  return number && rest.empty() && *number < std::uint64_t{1} << 62 ? static_cast<std::int64_t>(*number) : 0;
}

/// journald writes an array of bytes when the message has control characters or is not UTF-8.
std::string message_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string bytes;
  if (!value.is_array()) return bytes;
  for (const json& byte : value) {
    if (byte.is_number_integer()) bytes += static_cast<char>(byte.get<int>());
  }
  return bytes;
}

/// {"log":…,"stream":…,"time":…}: the end of line tells whether the record is whole. Who ships logs adds keys of its own, and takes the end off.
bool is_dockers_own(const json& object) {
  for (const auto& [key, value] : object.items()) {
    if (key != "log" && key != "stream" && key != "time" && key != "attrs") return false;
  }
  return true;
}

std::optional<JsonRecord> docker_record(const json& object) {
  JsonRecord record;
  record.message = text_of(object, "log");
  record.stream = text_of(object, "stream");
  record.time = text_of(object, "time");
  if (const auto kubernetes = object.find("kubernetes"); kubernetes != object.end() && kubernetes->is_object()) {
    record.lane = text_of(*kubernetes, "pod_name") + "/" + text_of(*kubernetes, "container_name");
  }
  record.whole = record.message.ends_with('\n');
  if (record.whole) record.message.pop_back();
  else if (!is_dockers_own(object)) record.whole = text_of(object, "logtag") != "P";
  return record;
}

std::optional<JsonRecord> journal_record(const json& object) {
  JsonRecord record;
  record.message = message_of(object["MESSAGE"]);
  record.pid = number_of(object, "_PID");
  const std::int64_t microseconds = number_of(object, "__REALTIME_TIMESTAMP");
  if (microseconds < std::int64_t{1} << 53) record.wall_ns = microseconds * 1000;
  record.host = text_of(object, "_HOSTNAME");
  record.lane = text_of(object, "SYSLOG_IDENTIFIER");
  if (record.lane.empty()) record.lane = text_of(object, "_COMM");
  if (record.pid != 0) record.lane += "[" + std::to_string(record.pid) + "]";
  return record;
}

void collect_multi_line(const json& value, std::string& texts, int depth) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.find('\n') != std::string::npos) texts.append(texts.empty() ? "" : "\n").append(text);
  } else if (value.is_structured() && depth < 4) {
    for (const json& item : value) collect_multi_line(item, texts, depth + 1);
  }
}

json parse(std::string_view text) {
  json value = json::parse(text.begin(), text.end(), nullptr, false);
  return value.is_object() ? value : json();
}

}  // namespace

std::optional<JsonRecord> read_container_record(std::string_view text) {
  const bool docker = text.find("\"log\"") != std::string_view::npos && text.find("\"time\"") != std::string_view::npos;
  const bool journal = !docker && text.find("\"MESSAGE\"") != std::string_view::npos && text.find("\"__REALTIME_TIMESTAMP\"") != std::string_view::npos;
  if (!docker && !journal) return std::nullopt;
  json object = parse(text);
  if (object.is_null()) return std::nullopt;
  if (docker && object.contains("log") && object["log"].is_string()) return docker_record(object);
  if (journal && object.contains("MESSAGE")) return journal_record(object);
  return std::nullopt;
}

std::string multi_line_values(std::string_view text) {
  std::string texts;
  if (text.find("\\n") == std::string_view::npos) return texts;
  collect_multi_line(parse(text), texts, 0);
  return texts;
}

std::string_view message_value(std::string_view text) {
  for (const std::string_view key : {"\"textPayload\":", "\"message\":", "\"msg\":", "\"log\":"}) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) continue;
    std::string_view value = trim_front(text.substr(at + key.size()));
    if (skip(value, "\"")) return value;
  }
  return {};
}

std::string_view time_value(std::string_view text) {
  for (const std::string_view key : {"\"time\":", "\"timestamp\":", "\"@timestamp\":", "\"ts\":"}) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) continue;
    std::string_view value = trim_front(text.substr(at + key.size()));
    if (skip(value, "\"")) return value.substr(0, value.find('"'));
    return value.substr(0, value.find_first_of(",}"));
  }
  return {};
}

}  // namespace tailback::replay
