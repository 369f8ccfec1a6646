#include "analyze/words/format.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <array>
#include <cmath>

namespace tailback::analyze {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::tm utc(std::int64_t wall_ns) {
  // Rounds towards the past, so that times before 1970 keep their second.
  std::int64_t seconds = wall_ns / kSecond;
  if (wall_ns % kSecond < 0) --seconds;
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  return parts;
}

struct Unit {
  std::int64_t ns;
  std::string_view name;
};
constexpr std::array<Unit, 4> kUnits{{{86400 * kSecond, "d"}, {3600 * kSecond, "h"}, {60 * kSecond, "min"}, {kSecond, "s"}}};

}  // namespace

std::string with_separators(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string byte_text(double bytes) {
  constexpr std::array<std::string_view, 6> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  const std::string_view sign = bytes < 0 ? "-" : "";
  double value = std::fabs(bytes);
  std::size_t name = 0;
  // 1023.5 would round to "1024": the next unit says it shorter.
  while (value >= 1023.5 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  // 12 MiB rather than 12.0 MiB, 20.1 GiB rather than 20 GiB.
  const bool whole = value >= 99.95 || std::fabs(value - std::round(value)) < 0.05;
  return fmt::format("{}{:.{}f} {}", sign, value, whole ? 0 : 1, kNames[name]);
}

std::string duration_text(std::int64_t ns) {
  if (ns < 0) return "?";
  if (ns == 0) return "0 s";
  if (ns < 1000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{:.3g} µs", static_cast<double>(ns) / 1e3);
  if (ns < kSecond) return fmt::format("{:.3g} ms", static_cast<double>(ns) / 1e6);
  if (ns < 60 * kSecond) return fmt::format("{:.3g} s", static_cast<double>(ns) / 1e9);
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (ns < kUnits[i].ns) continue;
    const std::int64_t rest = ns % kUnits[i].ns / kUnits[i + 1].ns;
    const std::string first = fmt::format("{} {}", ns / kUnits[i].ns, kUnits[i].name);
    return rest == 0 ? first : fmt::format("{} {} {}", first, rest, kUnits[i + 1].name);
  }
  return "?";
}

std::string value_text(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "?";
  if (unit == "bytes") return byte_text(value);
  if (unit == "seconds") return value < 0 ? fmt::format("{:.3g} s", value) : duration_text(static_cast<std::int64_t>(value * 1e9));
  if (unit == "ratio") return fmt::format("{:.3g} %", value * 100);
  if (value >= 0 && value < 1e15 && std::fabs(value - std::round(value)) < 1e-9) {
    return with_separators(static_cast<std::uint64_t>(std::llround(value)));
  }
  return fmt::format("{:.4g}", value);
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  if (part == whole) return "100 %";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part != 0 && share < 0.1) return "<0.1 %";
  if (share > 99.9) return part < whole && share >= 99.95 ? ">99.9 %" : "99.9 %";
  return fmt::format("{:.1f} %", share);
}

std::string rate_text(double per_second) {
  const double size = std::fabs(per_second);
  const char sign = per_second < 0 ? '-' : '+';
  if (size >= 10) return fmt::format("{}{}/s", sign, with_separators(static_cast<std::uint64_t>(std::llround(size))));
  if (size >= 0.1) return fmt::format("{}{:.2g}/s", sign, size);
  if (size * 60 >= 0.1) return fmt::format("{}{:.2g}/min", sign, size * 60);
  return fmt::format("{}{:.2g}/h", sign, size * 3600);
}

std::string iso_time(std::int64_t wall_ns) {
  if (wall_ns == 0) return {};
  const std::int64_t ms = ((wall_ns % kSecond) + kSecond) % kSecond / 1'000'000;
  const std::string fraction = ms == 0 ? "" : fmt::format(".{:03}", ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}Z", utc(wall_ns), fraction);
}

std::string date_time_text(std::int64_t wall_ns) {
  return wall_ns == 0 ? std::string() : fmt::format("{:%Y-%m-%d %H:%M:%S}", utc(wall_ns));
}

std::string time_text(std::int64_t wall_ns) {
  return wall_ns == 0 ? std::string() : fmt::format("{:%H:%M:%S}", utc(wall_ns));
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", with_separators(count), count == 1 ? one : many);
}

std::string place_text(const StackTable& table, const Frame& frame) {
  const std::string_view file = table.text(frame.file);
  if (file.empty()) return {};
  return frame.line == 0 ? std::string(file) : fmt::format("{}:{}", file, frame.line);
}

}  // namespace tailback::analyze
