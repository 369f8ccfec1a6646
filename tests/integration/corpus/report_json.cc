#include "tests/integration/corpus/report_json.h"

#include <algorithm>
#include <cstdint>

namespace tailback::testing {
namespace {

constexpr std::size_t kMostIds = 12;
constexpr std::size_t kLineWidth = 150;
constexpr std::size_t kMostShown = 300;

/// FNV-1a: any change of an id or of their order changes it.
std::string hash_of(const Report& ids) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : ids.dump()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

void lay_out(const Report& value, std::size_t indent, std::string& out) {
  const std::string flat = value.dump();
  if (!value.is_structured() || indent + flat.size() <= kLineWidth) {
    out += flat;
    return;
  }
  const bool object = value.is_object();
  const std::string margin(indent + 1, ' ');
  out += object ? '{' : '[';
  const char* separator = "\n";
  for (const auto& [key, member] : value.items()) {
    out.append(separator).append(margin);
    if (object) out.append(Report(key).dump()).append(": ");
    lay_out(member, indent + 1, out);
    separator = ",\n";
  }
  out.append("\n").append(indent, ' ') += object ? '}' : ']';
}

std::string shown(const Report* value) {
  if (value == nullptr) return "nothing";
  std::string text = value->dump();
  if (text.size() > kMostShown) text.replace(kMostShown, std::string::npos, "…");
  return text;
}

std::string difference(const std::string& path, const Report* expected, const Report* got) {
  return path + ":\n  expected " + shown(expected) + "\n  got      " + shown(got);
}

std::optional<std::string> compare(const std::string& path, const Report& expected, const Report& got) {
  if (expected.is_object() && got.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      const auto other = got.find(key);
      const std::string below = path + "." + key;
      if (other == got.end()) return difference(below, &value, nullptr);
      if (auto found = compare(below, value, *other)) return found;
    }
    for (const auto& [key, value] : got.items()) {
      if (!expected.contains(key)) return difference(path + "." + key, nullptr, &value);
    }
    return std::nullopt;
  }
  if (expected.is_array() && got.is_array()) {
    for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
      const std::string below = path + "[" + std::to_string(i) + "]";
      if (i >= expected.size()) return difference(below, nullptr, &got[i]);
      if (i >= got.size()) return difference(below, &expected[i], nullptr);
      if (auto found = compare(below, expected[i], got[i])) return found;
    }
    return std::nullopt;
  }
  if (expected == got) return std::nullopt;
  return difference(path, &expected, &got);
}

}  // namespace

void fold_thread_ids(Report& report) {
  if (!report.is_structured()) return;
  for (auto& [key, value] : report.items()) {
    if (key == "thread_ids" && value.is_array() && value.size() > kMostIds) {
      value = std::to_string(value.size()) + " ids, " + value.front().get<std::string>() + " … " + value.back().get<std::string>() + ", hash " + hash_of(value);
    } else {
      fold_thread_ids(value);
    }
  }
}

std::string laid_out(const Report& report) {
  std::string text;
  lay_out(report, 0, text);
  return text + "\n";
}

std::optional<std::string> first_difference(const Report& expected, const Report& got) { return compare("$", expected, got); }

}  // namespace tailback::testing
