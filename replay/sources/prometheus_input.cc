#include "replay/sources/prometheus_input.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <optional>

#include "replay/sources/metric_series.h"
#include "replay/sources/scan.h"
#include "replay/sources/whole_text.h"

namespace tailback::replay {
namespace {

using Json = nlohmann::json;

/// Prometheus writes numbers as text, "NaN" and "+Inf" among them.
std::optional<double> parse_value(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> wall_time(double seconds) {
  if (!std::isfinite(seconds) || std::abs(seconds) > 9e9) return std::nullopt;
  // Milliseconds is what Prometheus keeps; more digits would be noise of the floating point number.
  return static_cast<std::int64_t>(std::llround(seconds * 1e3)) * 1'000'000;
}

/// {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"go_goroutines"},"values":[[1581413311,"61"]]}]}}
class JsonReader final : public LineReader {
 public:
  JsonReader(const ReadOptions& options, EventSink& sink) : series_(options, sink, "prometheus"), whole_(options) {}

  void line(const Line& line) override { whole_.append(line); }

  void finish() override {
    std::string key;  ///< of the object that is the answer
    const Json::parser_callback_t each = [this, &key](int depth, Json::parse_event_t event, Json& value) {
      if (event == Json::parse_event_t::key && depth == 1 && value.is_string()) key = value.get<std::string>();
      if (event == Json::parse_event_t::array_end && depth == 1 && key == "warnings") tell_warnings(value);
      if (event != Json::parse_event_t::object_end || depth != 3 || !value.is_object() || !value.contains("metric")) return depth < 24;
      emit(value);
      return false;
    };
    if (Json::parse(whole_.begin(), whole_.end(), each, false).is_discarded() && !Json::accept(whole_.begin(), whole_.end())) {
      series_.diagnose(Severity::kDataLoss, 0, "JSON ends early or is damaged; what follows was not read");
    }
    whole_.diagnose([this](Severity severity, std::uint64_t line, const std::string& reason) { series_.diagnose(severity, line, reason); });
    series_.finish();
  }

 private:
  /// "warnings":["… a store was not asked, the answer is partial"]
  void tell_warnings(const Json& warnings) {
    for (const Json& warning : warnings) {
      if (warning.is_string()) series_.diagnose(Severity::kDataLoss, 0, "Prometheus warns: " + warning.get<std::string>().substr(0, 256));
    }
  }

  void emit(const Json& result) {
    SeriesName name;
    if (!result["metric"].is_object()) return;
    for (const auto& [label, value] : result["metric"].items()) {
      if (!value.is_string()) continue;
      if (label == "__name__") name.name = value.get<std::string>();
      else name.labels.emplace_back(label, value.get<std::string>());
    }
    if (result.contains("histogram") || result.contains("histograms")) series_.diagnose(Severity::kInformation, 0, "native histograms are not read");
    // sum(…) and the like answer without a name
    if (name.name.empty()) name.name = "value";
    if (const auto values = result.find("values"); values != result.end() && values->is_array()) {
      for (const Json& point : *values) emit_point(name, point);
    } else if (const auto one = result.find("value"); one != result.end()) {
      emit_point(name, *one);
    }
  }

  void emit_point(const SeriesName& name, const Json& point) {
    const bool shaped = point.is_array() && point.size() == 2 && point[0].is_number() && point[1].is_string();
    const auto value = shaped ? parse_value(point[1].get_ref<const std::string&>()) : std::nullopt;
    const auto wall_ns = shaped ? wall_time(point[0].get<double>()) : std::nullopt;
    if (!value || !wall_ns) return series_.diagnose(Severity::kDataLoss, 0, "a point that is no [time, \"value\"]");
    if (std::isfinite(*value)) series_.add(name, *wall_ns, *value);
  }

  MetricSeries series_;
  WholeText whole_;
};

/// One line of the text page:
///     go_goroutines{instance="1"} 47905 1581413911000
struct TextLine {
  SeriesName series;
  double value = 0;
  std::optional<double> time;  ///< as written: milliseconds, or seconds in OpenMetrics
};

std::optional<TextLine> parse_text_line(std::string_view text) {
  TextLine line;
  const std::size_t name_end = find_any<'{', ' ', '\t'>(text);
  if (name_end == 0 || name_end == std::string_view::npos) return std::nullopt;
  line.series.name = text.substr(0, name_end);
  for (const char c : line.series.name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != ':') return std::nullopt;
  }
  text.remove_prefix(name_end);
  if (skip(text, "{")) {
    while (true) {
      text = trim_front(text);
      if (skip(text, "}")) break;
      const std::string_view label = trim(take_until(text, "="));
      if (label.empty() || !skip(text, "\"")) return std::nullopt;
      std::string value;
      while (!text.empty() && text.front() != '"') {
        if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
        value.push_back(text.front());
        text.remove_prefix(1);
      }
      if (!skip(text, "\"")) return std::nullopt;
      line.series.labels.emplace_back(std::string(label), std::move(value));
      text = trim_front(text);
      (void)skip(text, ",");
    }
  }
  text = trim(text);
  text = text.substr(0, text.find(" # "));  // an exemplar
  const std::size_t space = text.find(' ');
  const auto value = parse_value(text.substr(0, space));
  if (!value) return std::nullopt;
  line.value = *value;
  if (space != std::string_view::npos) {
    line.time = parse_value(trim(text.substr(space)));
    if (!line.time) return std::nullopt;
  }
  return line;
}

class TextReader final : public LineReader {
 public:
  TextReader(const ReadOptions& options, EventSink& sink) : series_(options, sink, "prometheus") {}

  void line(const Line& line) override {
    std::string_view text = trim(line.text);
    if (text.empty()) return;
    if (skip(text, "#")) {  // # TYPE process_cpu_seconds_total counter
      text = trim_front(text);
      if (skip(text, "TYPE ") && text.ends_with(" counter")) series_.declare_counter(text.substr(0, text.find(' ')));
      return;
    }
    const auto parsed = parse_text_line(text);
    if (!parsed) return series_.diagnose(Severity::kDataLoss, line.number, "line that is no metric");
    std::optional<std::int64_t> wall_ns = line.wall_ns;
    if (parsed->time) {
      // Milliseconds since 1970 have passed 1e11 since 1973; seconds will in the year 5138.
      wall_ns = wall_time(std::abs(*parsed->time) > 1e11 ? *parsed->time / 1e3 : *parsed->time);
      if (!wall_ns) return series_.diagnose(Severity::kDataLoss, line.number, "a time out of range");
    } else if (line.wall_ns == 0) {
      series_.diagnose(Severity::kInformation, line.number, "metrics without a time stamp");
    }
    if (std::isfinite(parsed->value)) series_.add(parsed->series, *wall_ns, parsed->value);
  }

  void finish() override { series_.finish(); }

 private:
  MetricSeries series_;
};

/// {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\""}
std::string_view error_of(std::string_view head) {
  (void)take_until(head, "\"error\":");
  (void)take_until(head, "\"");
  const std::size_t end = head.find_first_of("\"\n");
  return head.substr(0, std::min<std::size_t>(end, 200));
}

Recognition recognise_json(std::string_view head) {
  if (!trim_front(head.substr(0, 64)).starts_with('{')) return {0, "does not begin with '{'"};
  if (contains(head, "\"errorType\"") && contains(head, "\"error\":")) return {0, "an error, and no result: " + std::string(error_of(head)), true};
  if (!contains(head, "\"resultType\"")) return {0, "JSON, but no \"resultType\"", true};
  if (head.find("\"matrix\"") == std::string_view::npos && head.find("\"vector\"") == std::string_view::npos) return {0, "a \"resultType\", but no result of type matrix or vector", true};
  return {95, "the answer of Prometheus' query_range"};
}

Recognition recognise_text(std::string_view head) {
  std::size_t metrics = 0, others = 0, left = 0;
  for (std::string_view rest = head; !rest.empty(); (void)take_line(rest)) ++left;
  bool types = false;
  while (!head.empty()) {
    // Whatever the rest holds, it is too little: a log is told from metrics by its first lines.
    if (others * 4 > metrics + left) break;
    --left;
    const std::string_view line = trim(take_line(head));
    if (line.empty()) continue;
    if (line.starts_with("# TYPE ") || line.starts_with("# HELP ")) types = true;
    else if (parse_text_line(line)) ++metrics;
    else if (!line.starts_with('#')) ++others;
  }
  if (metrics > 0 && types && others * 4 <= metrics) return {90, "metrics with \"# TYPE\""};
  if (metrics > 2 && others * 10 <= metrics) return {60, "lines of \"name{labels} value\""};
  return {0, "no \"# TYPE\" and no lines of \"name{labels} value\""};
}

constexpr std::array kSigns = std::to_array<Sign>({{"{", Sign::Where::kLineBegin}});

}  // namespace

const Format& prometheus_json_format() {
  static constexpr Format kFormat{
      "prometheus-json", "Prometheus' query_range as JSON", recognise_json,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<JsonReader>(options, sink); },
      nullptr, nullptr, kSigns};
  return kFormat;
}

const Format& prometheus_text_format() {
  static constexpr Format kFormat{
      "prometheus-text", "Prometheus' text page, with time stamps", recognise_text,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<TextReader>(options, sink); }};
  return kFormat;
}

}  // namespace tailback::replay
