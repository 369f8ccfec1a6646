#include "replay/sources/metric_lines.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "replay/sources/envelope.h"
#include "replay/sources/scan.h"
#include "runtime/metrics/metric_names.h"

namespace tailback::replay {
namespace {

struct Unit {
  std::string_view word;
  double factor;
  std::string_view base;  ///< "": whatever the metric's unit is
};

constexpr std::array kUnits = std::to_array<Unit>({
    {"", 1, ""},           {"B", 1, "bytes"},          {"bytes", 1, "bytes"},     {"KiB", 1024, "bytes"},    {"MiB", 1048576, "bytes"},
    {"GiB", 1073741824, "bytes"}, {"TiB", 1099511627776, "bytes"}, {"kB", 1e3, "bytes"}, {"KB", 1e3, "bytes"}, {"MB", 1e6, "bytes"},
    {"GB", 1e9, "bytes"},  {"TB", 1e12, "bytes"},      {"kb", 1024, "bytes"},     {"mb", 1048576, "bytes"},  {"gb", 1073741824, "bytes"}, {"ns", 1e-9, "seconds"},   {"us", 1e-6, "seconds"},   {"ms", 1e-3, "seconds"},
    {"s", 1, "seconds"},   {"seconds", 1, "seconds"},  {"min", 60, "seconds"},    {"h", 3600, "seconds"},    {"%", 0.01, "ratio"},
    {"ratio", 1, "ratio"}, {"count", 1, "count"},
});

const Unit* find_unit(std::string_view word) {
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [word](const Unit& unit) { return unit.word == word; });
  return found == kUnits.end() ? nullptr : &*found;
}

/// Keys that services log, and what they mean. Services that divide by 1024 write "mb" all the same.
struct KnownKey {
  std::string_view key, metric;
  double factor;
};

constexpr std::array kKnownKeys = std::to_array<KnownKey>({
    {"goroutines", "threads", 1},          {"num_goroutine", "threads", 1},     {"num_goroutines", "threads", 1},
    {"numgoroutine", "threads", 1},        {"NumGoroutine", "threads", 1},      {"goroutine_count", "threads", 1},
    {"go_goroutines", "threads", 1},       {"num_threads", "threads", 1},       {"thread_count", "threads", 1},
    {"Goroutines", "threads", 1},          {"numGoroutine", "threads", 1},      {"numGoroutines", "threads", 1},
    {"heap_sys_mb", "heap_sys", 1048576},  {"heap_sys_bytes", "heap_sys", 1},   {"heap_sys", "heap_sys", 1},
    {"HeapSys", "heap_sys", 1},            {"heap_inuse_mb", "heap_in_use", 1048576}, {"heap_inuse_bytes", "heap_in_use", 1},
    {"heap_inuse", "heap_in_use", 1},      {"HeapInuse", "heap_in_use", 1},     {"heap_in_use", "heap_in_use", 1},
    {"heap_alloc_mb", "heap_allocated", 1048576}, {"heap_alloc_bytes", "heap_allocated", 1}, {"heap_alloc", "heap_allocated", 1},
    {"HeapAlloc", "heap_allocated", 1},    {"rss_mb", "rss", 1048576},          {"rss_kb", "rss", 1024},
    {"rss_bytes", "rss", 1},               {"rss", "rss", 1},                   {"open_fds", "open_files", 1},
    {"blocked_threads", "blocked_threads", 1},
});

/// The last two characters of the known keys, as a table of bits. It is asked at every '=' and ':' of every line, and says no to nearly all.
constexpr std::array<std::uint32_t, 32> kEndingsOfKeys = [] {
  std::array<std::uint32_t, 32> endings{};
  for (const KnownKey& known : kKnownKeys) {
    const std::string_view last = known.key.substr(known.key.size() - 2);
    endings[static_cast<unsigned char>(last[1]) & 31u] |= 1u << (static_cast<unsigned char>(last[0]) & 31u);
  }
  return endings;
}();

constexpr bool may_end_a_key(char before_last, char last) {
  return (kEndingsOfKeys[static_cast<unsigned char>(last) & 31u] >> (static_cast<unsigned char>(before_last) & 31u) & 1u) != 0;
}

std::string_view unit_of_metric(std::string_view name, std::string_view otherwise) {
  const KnownMetric* known = find_known_metric(name);
  return known ? known->unit : otherwise;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Whether "key: value" behind `before` is a field and no prose, as in "WARN too many goroutines: 1289": it is the first of the line or
/// of a list.
bool begins_a_field(std::string_view before) {
  while (before.ends_with(' ')) before.remove_suffix(1);
  return before.empty() || std::string_view(",;|{[(:=").find(before.back()) != std::string_view::npos;
}

/// A decimal number at the front of `text`, which moves behind it.
std::optional<double> take_decimal(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::general);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// The letters at the front of `text`.
std::string_view word_at(std::string_view text) {
  std::size_t letters = 0;
  while (letters < text.size() && std::isalpha(static_cast<unsigned char>(text[letters]))) ++letters;
  return text.substr(0, letters);
}

/// The longest text that every match of `expression` contains, by a cautious reading of it; empty: not known.
std::string required_text(std::string_view expression) {
  if (expression.find('|') != std::string_view::npos || expression.starts_with("(?i")) return {};
  std::string best, run;
  int depth = 0;
  const auto end_run = [&] {
    if (run.size() > best.size()) best = run;
    run.clear();
  };
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\') {
      const char escaped = i + 1 < expression.size() ? expression[++i] : '\\';
      if (std::isalnum(static_cast<unsigned char>(escaped))) end_run();
      else if (depth == 0) run += escaped;
    } else if (c == '[') {
      end_run();
      const std::size_t close = expression.find(']', i + 2);
      i = close == std::string_view::npos ? expression.size() : close;
    } else if (c == '(' || c == ')') {
      end_run();
      depth += c == '(' ? 1 : -1;
    } else if (c == '*' || c == '?' || c == '{' || c == '+') {
      if (!run.empty() && c != '+') run.pop_back();  // what it repeats may be absent
      end_run();
      if (c == '{') i = std::min(expression.find('}', i), expression.size());
    } else if (c == '.' || c == '^' || c == '$') {
      end_run();
    } else if (depth == 0) {
      run += c;
    }
  }
  end_run();
  return best;
}

struct Group {
  std::string metric;
  const Unit* unit = nullptr;
};

/// Rewrites "(?<threads>", "(?P<heap_in_use:MiB>" to plain groups and notes their names: RE2's names hold no unit.
Result<std::string> plain_groups(const std::string& pattern, std::vector<Group>& groups) {
  std::string plain;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      plain += pattern[i];
      if (i + 1 < pattern.size()) plain += pattern[++i];
      continue;
    }
    if (pattern[i] == '[' || pattern[i] == ']') in_class = pattern[i] == '[';
    if (pattern[i] != '(' || in_class) {
      plain += pattern[i];
      continue;
    }
    const std::string_view rest = std::string_view(pattern).substr(i);
    const std::size_t opening = rest.starts_with("(?<") ? 3 : rest.starts_with("(?P<") ? 4 : 0;
    if (opening == 0) {
      if (!rest.starts_with("(?")) {
        groups.push_back({});  // a group without a name is nothing to us, but RE2 counts it
      }
      plain += '(';
      continue;
    }
    const std::size_t close = rest.find('>');
    if (close == std::string_view::npos) return Error{ErrorCode::kInvalidArgument, "a group's name has no end: '>' is missing", pattern};
    std::string_view name = rest.substr(opening, close - opening);
    const std::string_view metric = take_until(name, ":");
    if (metric.empty() || !std::all_of(metric.begin(), metric.end(), is_word)) {
      return Error{ErrorCode::kInvalidArgument, "'" + std::string(metric) + "' is no metric's name (letters, digits, '_')", pattern};
    }
    const Unit* unit = find_unit(name);
    if (unit == nullptr) {
      return Error{ErrorCode::kInvalidArgument, "'" + std::string(name) + "' is no unit; known are B, KiB, MiB, GiB, kB, MB, GB, ns, us, ms, s, min, h, %", pattern};
    }
    groups.push_back({std::string(metric), unit});
    plain += '(';
    i += close;
  }
  return plain;
}

/// "key=1", "\"key\":1", "key: 1"; a frame's place, "sema.go:71", is none of them.
bool may_have_keys(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return true;
  for (std::size_t at = text.find(':'); at != std::string_view::npos; at = text.find(':', at + 1)) {
    if ((at + 1 < text.size() && text[at + 1] == ' ') || (at > 0 && text[at - 1] == '"')) return true;
  }
  return false;
}

}  // namespace

struct MetricLines::Pattern {
  std::string required;
  std::unique_ptr<re2::RE2> expression;
  std::vector<Group> groups;
  std::vector<re2::StringPiece> matches;
};

MetricLines::MetricLines() = default;
MetricLines::~MetricLines() = default;

Result<std::unique_ptr<MetricLines>> MetricLines::create(const std::vector<std::string>& patterns) {
  std::unique_ptr<MetricLines> lines(new MetricLines());
  for (const std::string& text : patterns) {
    auto pattern = std::make_unique<Pattern>();
    Result<std::string> plain = plain_groups(text, pattern->groups);
    if (!plain.ok()) return plain.error();
    re2::RE2::Options options;
    options.set_log_errors(false);
    pattern->expression = std::make_unique<re2::RE2>(plain.value(), options);
    if (!pattern->expression->ok()) return Error{ErrorCode::kInvalidArgument, "is no pattern: " + pattern->expression->error(), text};
    if (std::none_of(pattern->groups.begin(), pattern->groups.end(), [](const Group& group) { return group.unit != nullptr; })) {
      return Error{ErrorCode::kInvalidArgument, "names no metric; write a group as (?<threads>\\d+)", text};
    }
    pattern->matches.resize(static_cast<std::size_t>(pattern->expression->NumberOfCapturingGroups()) + 1);
    pattern->groups.resize(pattern->matches.size() - 1);
    pattern->required = required_text(plain.value());
    lines->patterns_.push_back(std::move(pattern));
  }
  return lines;
}

bool MetricLines::may_read(std::string_view text) const { return !patterns_.empty() || may_have_keys(text); }

const std::vector<MetricReading>& MetricLines::read(std::string_view line) {
  readings_.clear();
  for (const auto& pattern : patterns_) {
    if (!pattern->required.empty() && line.find(pattern->required) == std::string_view::npos) continue;
    const auto count = static_cast<int>(pattern->matches.size());
    if (!pattern->expression->Match(re2::StringPiece(line.data(), line.size()), 0, line.size(), re2::RE2::UNANCHORED, pattern->matches.data(), count)) continue;
    for (std::size_t i = 0; i < pattern->groups.size(); ++i) {
      const Group& group = pattern->groups[i];
      std::string_view match(pattern->matches[i + 1].data(), pattern->matches[i + 1].size());
      const auto value = group.unit ? take_decimal(match) : std::nullopt;
      if (!value) continue;
      readings_.push_back({group.metric, unit_of_metric(group.metric, group.unit->base.empty() ? "count" : group.unit->base), *value * group.unit->factor});
    }
    if (!readings_.empty()) return readings_;
  }
  if (line.size() < 4096) read_known_keys(line);
  return readings_;
}

void MetricLines::read_known_keys(std::string_view line) {
  // key=value, "key":value, key: value (as the first of a line or of a list)
  const char* const line_end = line.data() + line.size();
  const auto find_from = [line_end](char separator, const char* from) {
    const void* found = from == line_end ? nullptr : std::memchr(from, separator, static_cast<std::size_t>(line_end - from));
    return found == nullptr ? line_end : static_cast<const char*>(found);
  };
  const char* equals = find_from('=', line.data());
  const char* colon = find_from(':', line.data());
  for (const char* separator = std::min(equals, colon); separator != line_end; separator = std::min(equals, colon)) {
    const auto at = static_cast<std::size_t>(separator - line.data());
    (separator == equals ? equals : colon) = find_from(*separator, separator + 1);
    const std::size_t end = at > 0 && line[at - 1] == '"' ? at - 1 : at;
    if (end < 2 || !may_end_a_key(line[end - 2], line[end - 1])) continue;
    std::size_t begin = end;
    while (begin > 0 && is_word(line[begin - 1])) --begin;
    const std::string_view key = line.substr(begin, end - begin);
    const auto known = std::find_if(kKnownKeys.begin(), kKnownKeys.end(), [key](const KnownKey& k) { return k.key == key; });
    if (known == kKnownKeys.end() || !may_have_keys(line)) continue;
    if (line[at] == ':' && end == at) {
      const std::size_t text_begin = line.size() - without_level_and_place(line).size();
      if (begin > text_begin && !begins_a_field(line.substr(text_begin, begin - text_begin))) continue;
    }
    std::string_view rest = line.substr(at + 1);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    if (rest.starts_with('"')) rest.remove_prefix(1);
    const auto value = take_decimal(rest);
    if (!value || *value < 0) continue;
    const std::string_view measured_in = unit_of_metric(known->metric, "count");
    // "rss=12MB" says its unit itself, and so does "HeapInuse: 123 MB"; behind a blank any other word is the next of the text.
    const std::string_view attached = word_at(rest), detached = rest.starts_with(' ') ? word_at(rest.substr(1)) : std::string_view();
    const Unit* unit = attached.empty() ? nullptr : find_unit(attached);
    if (!attached.empty() && (unit == nullptr || unit->base != measured_in)) continue;
    if (const Unit* behind = detached.empty() ? nullptr : find_unit(detached); behind != nullptr && behind->base == measured_in) unit = behind;
    const auto said = std::find_if(readings_.begin(), readings_.end(), [&](const MetricReading& r) { return r.name == known->metric; });
    if (said == readings_.end()) readings_.push_back({known->metric, measured_in, *value * (unit ? unit->factor : known->factor)});
  }
}

}  // namespace tailback::replay
