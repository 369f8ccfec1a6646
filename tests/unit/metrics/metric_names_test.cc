#include "runtime/metrics/metric_names.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace tailback {
namespace {

TEST(KnownMetrics, HaveNamesOfTheirOwnAndLimitsThatExist) {
  std::set<std::string_view> names, pages;
  for (const KnownMetric& metric : known_metrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_TRUE(pages.insert(metric.prometheus).second) << metric.prometheus;
    if (!metric.limit.empty()) {
      const KnownMetric* const limit = find_known_metric(metric.limit);
      ASSERT_NE(limit, nullptr) << metric.limit;
      EXPECT_EQ(limit->unit, metric.unit) << metric.name;
    }
  }
}

// https://prometheus.io/docs/practices/naming: base units in the name, `_total` on counters and on nothing else.
TEST(KnownMetrics, KeepToPrometheusNaming) {
  for (const KnownMetric& metric : known_metrics()) {
    const std::string_view name = metric.prometheus;
    EXPECT_TRUE(name.starts_with("process_") || name.starts_with("tailback_")) << name;
    EXPECT_EQ(name.ends_with("_total"), metric.counter) << name;
    EXPECT_FALSE(metric.help.empty()) << name;
    EXPECT_TRUE(metric.help.ends_with(".")) << name;
    if (metric.unit == "bytes") {
      EXPECT_NE(name.find("_bytes"), std::string_view::npos) << name;
    }
    if (metric.unit == "seconds") {
      EXPECT_NE(name.find("_seconds"), std::string_view::npos) << name;
    }
  }
}

TEST(KnownMetrics, AreTheOnesThatTheReadmeLists) {
  std::ifstream file(TAILBACK_TESTS_DIR "/../runtime/metrics/README.md");
  const std::string readme((std::istreambuf_iterator<char>(file)), {});
  std::size_t rows = 0;
  for (std::size_t at = readme.find("\n| `"); at != std::string::npos; at = readme.find("\n| `", at + 1)) ++rows;
  EXPECT_EQ(rows, known_metrics().size());
  for (const KnownMetric& metric : known_metrics()) {
    const std::string row = "\n| `" + std::string(metric.name) + "` | " + std::string(metric.unit) + " |";
    EXPECT_NE(readme.find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace tailback
