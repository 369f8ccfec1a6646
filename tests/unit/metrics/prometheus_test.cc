#include "runtime/metrics/prometheus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailback {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PrometheusPage, UsesPrometheusNamesTypesAndTheInstance) {
  Recording recording;
  Sample sample;
  sample.values = {{recording.metric("rss", "bytes"), 123456789, 0},
                   {recording.metric("cpu_seconds", "seconds", true), 1.5, 0},
                   {recording.metric("heap_in_use", "bytes"), 4096, 0},
                   {recording.metric("queue.depth", "count"), 3, 0}};
  PageTotals totals;
  totals.version = "0.1.0";
  totals.allocator = "jemalloc";
  totals.incidents = {{"threads > 1000", 2}, {"a \"quoted\\\" one\n", 0}};
  const std::string page = prometheus_page(recording.metrics, sample, totals, {.instance = "shop-3"});
  EXPECT_THAT(page, HasSubstr("# HELP process_resident_memory_bytes Resident memory.\n"
                              "# TYPE process_resident_memory_bytes gauge\n"
                              "process_resident_memory_bytes{instance=\"shop-3\"} 123456789\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total{instance=\"shop-3\"} 1.5\n"));
  EXPECT_THAT(page, HasSubstr("tailback_heap_inuse_bytes{instance=\"shop-3\",allocator=\"jemalloc\"} 4096\n"));
  EXPECT_THAT(page, HasSubstr("queue_depth{instance=\"shop-3\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("tailback_incidents_total{instance=\"shop-3\",trigger=\"threads > 1000\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("trigger=\"a \\\"quoted\\\\\\\" one\\n\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("tailback_build_info{instance=\"shop-3\",version=\"0.1.0\"} 1\n"));
}

TEST(PrometheusPage, LeavesOutProcessMetricsWhereTheServiceHasThem) {
  Recording recording;
  Sample sample;
  sample.values = {{recording.metric("rss", "bytes"), 1, 0}, {recording.metric("cgroup_usage", "bytes"), 1, 0}};
  const std::string page = prometheus_page(recording.metrics, sample, {}, {.process_metrics = false});
  EXPECT_THAT(page, Not(HasSubstr("process_resident")));
  EXPECT_THAT(page, HasSubstr("tailback_cgroup_usage_bytes{instance=\"1\"} 1\n"));
}

}  // namespace
}  // namespace tailback
