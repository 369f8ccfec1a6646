#include "runtime/metrics/cgroup.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/unit/metrics/fake_root.h"

namespace tailback {
namespace {

std::map<std::string, double> values_of(MetricGroup& group) {
  std::vector<double> values(group.names().size(), -1);
  group.read(values);
  std::map<std::string, double> out;
  for (std::size_t i = 0; i < values.size(); ++i) out[std::string(group.names()[i])] = values[i];
  return out;
}

constexpr std::string_view kV2Mount = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(CgroupGroup, ReadsVersionTwoAndTakesInactiveFilePagesOff) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", "0::/system.slice/shop.service\n");
  fake.write("/proc/self/mountinfo", std::string(kV2Mount));
  fake.write("/proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n");
  const std::string group = "/sys/fs/cgroup/system.slice/shop.service";
  fake.write(group + "/memory.max", "8388608\n");
  fake.write(group + "/memory.current", "5000000\n");
  fake.write(group + "/memory.stat", "anon 1\ninactive_anon 77\nactive_file 5\ninactive_file 1000000\n");
  auto values = values_of(*make_cgroup_group(fake.root()));
  EXPECT_EQ(values["cgroup_usage"], 4000000);
  EXPECT_EQ(values["cgroup_limit"], 8388608);
  EXPECT_EQ(values["memory_limit"], 8388608);
}

TEST(CgroupGroup, TakesTheTightestLimitOnTheWayUpAndTheUsageThere) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", "0::/pod/app\n");
  fake.write("/proc/self/mountinfo", std::string(kV2Mount));
  fake.write("/sys/fs/cgroup/pod/app/memory.max", "max\n");
  fake.write("/sys/fs/cgroup/pod/app/memory.current", "100\n");
  fake.write("/sys/fs/cgroup/pod/memory.max", "1000\n");
  fake.write("/sys/fs/cgroup/pod/memory.current", "700\n");
  auto values = values_of(*make_cgroup_group(fake.root()));
  EXPECT_EQ(values["cgroup_usage"], 700) << "the kernel will kill where the limit is";
  EXPECT_EQ(values["cgroup_limit"], 1000);
}

TEST(CgroupGroup, ReadsVersionOneBesideVersionTwo) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", "4:memory:/process_api/32af\n1:cpu,cpuacct:/\n0::/\n");
  fake.write("/proc/self/mountinfo",
             "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
             "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
  fake.write("/proc/meminfo", "MemTotal: 1000 kB\n");
  const std::string group = "/sys/fs/cgroup/memory/process_api/32af";
  fake.write(group + "/memory.limit_in_bytes", "9223372036854771712\n");
  fake.write(group + "/memory.usage_in_bytes", "900000\n");
  fake.write(group + "/memory.stat", "inactive_file 5\ntotal_inactive_file 100000\n");
  auto values = values_of(*make_cgroup_group(fake.root()));
  EXPECT_EQ(values["cgroup_usage"], 800000);
  EXPECT_TRUE(std::isnan(values["cgroup_limit"])) << "version 1 writes 'none' as a huge number";
  EXPECT_EQ(values["memory_limit"], 1024000) << "the machine's memory";
}

TEST(CgroupGroup, FindsTheGroupInAContainerThatShowsOnlyItsPart) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", "0::/docker/0123/worker\n");
  fake.write("/proc/self/mountinfo", "31 23 0:28 /docker/0123 /sys/fs/cgroup ro,relatime - cgroup2 cgroup rw\n");
  fake.write("/sys/fs/cgroup/worker/memory.current", "100\n");
  const CgroupChain chain = find_cgroup(fake.root(), "memory");
  ASSERT_EQ(chain.directories.size(), 2u);
  EXPECT_EQ(chain.directories[0], fake.prefix() + "/sys/fs/cgroup/worker");
  EXPECT_EQ(chain.directories[1], fake.prefix() + "/sys/fs/cgroup");
}

TEST(CgroupGroup, FallsBackToTheMountPointWhereTheNamespaceHidesThePath) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", "0::/../../elsewhere\n");
  fake.write("/proc/self/mountinfo", std::string(kV2Mount));
  fake.write("/sys/fs/cgroup/memory.current", "100\n");
  EXPECT_EQ(values_of(*make_cgroup_group(fake.root()))["cgroup_usage"], 100);
}

TEST(CgroupGroup, SaysNothingWhereThereIsNone) {
  FakeRoot fake;
  auto values = values_of(*make_cgroup_group(fake.root()));
  EXPECT_TRUE(std::isnan(values["cgroup_usage"]));
  EXPECT_TRUE(std::isnan(values["cgroup_limit"]));
  EXPECT_TRUE(std::isnan(values["memory_limit"]));
}

TEST(PressureGroup, ReadsSharesAsRatiosAndTheTotalInSeconds) {
  FakeRoot fake;
  fake.write("/proc/pressure/memory",
             "some avg10=12.50 avg60=3.00 avg300=1.00 total=2500000\nfull avg10=1.25 avg60=0.00 avg300=0.00 total=99\n");
  auto values = values_of(*make_pressure_group(fake.root()));
  EXPECT_DOUBLE_EQ(values["memory_pressure"], 0.125);
  EXPECT_DOUBLE_EQ(values["memory_pressure_full"], 0.0125);
  EXPECT_DOUBLE_EQ(values["memory_stall_seconds"], 2.5);
}

TEST(PressureGroup, PrefersTheGroupsOwnPressure) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", "0::/app\n");
  fake.write("/proc/self/mountinfo", std::string(kV2Mount));
  fake.write("/sys/fs/cgroup/app/memory.pressure", "some avg10=50.00 avg60=0 avg300=0 total=1\nfull avg10=0 avg60=0 avg300=0 total=1\n");
  fake.write("/proc/pressure/memory", "some avg10=1.00 avg60=0 avg300=0 total=1\n");
  EXPECT_DOUBLE_EQ(values_of(*make_pressure_group(fake.root()))["memory_pressure"], 0.5);
}

TEST(ThreadsLimitGroup, TakesTheLeastOfAllLimits) {
  FakeRoot fake;
  fake.write("/proc/sys/kernel/pid_max", "32768\n");
  fake.write("/proc/sys/kernel/threads-max", "192731\n");
  EXPECT_EQ(values_of(*make_threads_limit_group(fake.root()))["threads_limit"], 32768);
  fake.write("/proc/self/cgroup", "0::/pod/app\n");
  fake.write("/proc/self/mountinfo", std::string(kV2Mount));
  fake.write("/sys/fs/cgroup/pod/app/pids.max", "max\n");
  fake.write("/sys/fs/cgroup/pod/pids.max", "4096\n");
  EXPECT_EQ(values_of(*make_threads_limit_group(fake.root()))["threads_limit"], 4096);
}

TEST(FindCgroup, SurvivesGarbage) {
  FakeRoot fake;
  fake.write("/proc/self/cgroup", ":::\n\n0\n0:\n::/x\n4:memory\n");
  fake.write("/proc/self/mountinfo", "- \n - cgroup2\n1 2 3 - cgroup2 x y\n");
  EXPECT_LE(find_cgroup(fake.root(), "memory").directories.size(), 2u);
}

}  // namespace
}  // namespace tailback
