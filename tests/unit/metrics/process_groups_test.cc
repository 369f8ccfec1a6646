#include "runtime/metrics/process_groups.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <thread>

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

TEST(MemoryGroup, ReadsPagesFromStatm) {
  FakeRoot fake;
  fake.write("/proc/self/statm", "2000 345 12 1 0 200 0\n");
  const auto group = make_memory_group(fake.root());
  const double page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(values_of(*group)["rss"], 345 * page);
  EXPECT_EQ(values_of(*group)["virtual_memory"], 2000 * page);
  fake.write("/proc/self/statm", "2001 346 12 1 0 200 0\n");
  EXPECT_EQ(values_of(*group)["rss"], 346 * page) << "the open file is read anew";
}

TEST(MemoryGroup, SaysThatItDoesNotKnowWhereTheFileIsMissingOrBroken) {
  FakeRoot fake;
  EXPECT_TRUE(std::isnan(values_of(*make_memory_group(fake.root()))["rss"]));
  fake.write("/proc/self/statm", "garbage");
  EXPECT_TRUE(std::isnan(values_of(*make_memory_group(fake.root()))["rss"]));
}

TEST(ThreadsGroup, ReadsTheLineOfStatus) {
  FakeRoot fake;
  fake.write("/proc/self/status", "Name:\tThreads: 7\nState:\tS\nThreads:\t47905\nSigQ:\t0\n");
  EXPECT_EQ(values_of(*make_threads_group(fake.root()))["threads"], 47905);
}

TEST(ThreadsGroup, CountsTheThreadsOfThisProcess) {
  const auto group = make_threads_group({});
  std::thread([] {}).join();  // ThreadSanitizer starts one of its own with the first
  const double before = values_of(*group)["threads"];
  double during = 0;
  std::thread other([&] { during = values_of(*group)["threads"]; });
  other.join();
  EXPECT_EQ(during, before + 1);
}

TEST(FilesGroup, CountsTheEntriesWhereTheKernelDoesNot) {
  FakeRoot fake;
  for (const char* fd : {"0", "1", "2", "17"}) fake.write(std::string("/proc/self/fd/") + fd, "");
  EXPECT_EQ(values_of(*make_files_group(fake.root()))["open_files"], 4);
}

TEST(FilesGroup, SeesAFileOpenedByThisProcess) {
  const auto group = make_files_group({});
  const double before = values_of(*group)["open_files"];
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(values_of(*group)["open_files"], before + 1);
  ::close(fd);
  EXPECT_GT(values_of(*group)["open_files_limit"], before);
}

TEST(UsageGroup, CountsPageFaultsAndProcessorTime) {
  const auto group = make_usage_group();
  const auto before = values_of(*group);
  std::vector<char> touched(1 << 22, 'x');
  const auto after = values_of(*group);
  EXPECT_GT(after.at("page_faults_minor"), before.at("page_faults_minor")) << touched.size();
  EXPECT_GE(after.at("cpu_seconds"), before.at("cpu_seconds"));
}

}  // namespace
}  // namespace tailback
