#include "runtime/metrics/prometheus.h"

#include <charconv>
#include <cmath>

#include "runtime/metrics/metric_names.h"

namespace tailback {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc{} ? std::string(buffer, end) : "NaN";
}

// In label values `\`, `"` and line ends are escaped; in help texts only `\` and line ends.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '"' && quotes) out += "\\\"";
    else out += c;
  }
  return out;
}

std::string page_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    if (!allowed) c = '_';
  }
  return out;
}

class Page {
 public:
  explicit Page(std::string_view instance) : instance_("instance=\"" + escaped(instance, true) + '"') {}

  void head(std::string_view name, std::string_view help, bool counter) {
    text_ += "# HELP ";
    text_ += name;
    text_ += ' ' + escaped(help, false) + "\n# TYPE ";
    text_ += name;
    text_ += counter ? " counter\n" : " gauge\n";
  }
  void line(std::string_view name, double value, std::string_view label = {}, std::string_view label_value = {}) {
    text_ += name;
    text_ += '{' + instance_;
    if (!label.empty()) text_ += ',' + std::string(label) + "=\"" + escaped(label_value, true) + '"';
    text_ += "} " + number(value) + '\n';
  }
  void metric(std::string_view name, std::string_view help, bool counter, double value) {
    head(name, help, counter);
    line(name, value);
  }
  void family(std::string_view name, std::string_view help, std::string_view label,
              const std::vector<std::pair<std::string, std::uint64_t>>& values) {
    head(name, help, true);
    for (const auto& [key, value] : values) line(name, static_cast<double>(value), label, key);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string instance_, text_;
};

}  // namespace

std::string prometheus_page(const std::vector<MetricInfo>& metrics, const Sample& sample, const PageTotals& totals,
                            const PageOptions& options) {
  Page page(options.instance);
  page.head("tailback_build_info", "Version of the recorder.", false);
  page.line("tailback_build_info", 1, "version", totals.version);
  page.family("tailback_incidents_total", "Breaches, by trigger.", "trigger", totals.incidents);
  page.family("tailback_not_dumped_total", "Samples at which a trigger's condition held, or could not be told, and no dump was taken.",
              "reason", totals.not_dumped);
  page.metric("tailback_dumps_total", "Dumps of all threads taken.", true, static_cast<double>(totals.dumps));
  page.metric("tailback_threads_missed_total", "Threads of which a dump has no stack.", true, static_cast<double>(totals.threads_missed));
  page.metric("tailback_samples_lost_total", "Samples that could not be written to the incident file.", true,
              static_cast<double>(totals.samples_lost));
  page.metric("tailback_capture_duration_seconds", "How long the last dump took to capture.", false, totals.last_capture_seconds);
  page.metric("tailback_last_incident_timestamp_seconds", "When the last breach opened; 0 when there was none.", false,
              totals.last_incident_seconds);
  for (const MetricValue& value : sample.values) {
    if (value.metric.index >= metrics.size()) continue;
    const MetricInfo& info = metrics[value.metric.index];
    const KnownMetric* const known = find_known_metric(info.name);
    if (known == nullptr) {
      page.metric(page_name(info.name), "Of the service: " + info.name + " (" + info.unit + ").", info.counter, value.value);
    } else if (info.name.rfind("heap_", 0) == 0) {
      page.head(known->prometheus, known->help, known->counter);
      page.line(known->prometheus, value.value, "allocator", totals.allocator);
    } else if (options.process_metrics || !known->prometheus.starts_with("process_")) {
      page.metric(known->prometheus, known->help, known->counter, value.value);
    }
  }
  return page.take();
}

}  // namespace tailback
