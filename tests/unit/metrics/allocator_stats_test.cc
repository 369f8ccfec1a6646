#include "runtime/metrics/allocator_stats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace tailback {
namespace {

TEST(AllocatorStats, AreThoseOfTheAllocatorThatServesMalloc) {
  const auto stats = find_allocator_stats();
  const char* const expected = std::getenv("TAILBACK_TEST_ALLOCATOR");
  if (expected == nullptr && stats == nullptr) GTEST_SKIP() << "an allocator that is not known, such as a sanitizer's";
  ASSERT_NE(stats, nullptr);
  EXPECT_EQ(stats->allocator(), expected != nullptr ? std::string_view(expected) : "glibc");
}

TEST(AllocatorStats, GrowWithWhatIsAllocatedAndKeepTheOrderOfTheirWords) {
  const auto stats = find_allocator_stats();
  if (stats == nullptr) GTEST_SKIP() << "an allocator that is not known, such as a sanitizer's";
  const HeapReading before = stats->read();
  const std::vector<char> kept(64 << 20, 'x');
  const HeapReading after = stats->read();
  EXPECT_NEAR(after.allocated - before.allocated, static_cast<double>(kept.size()), 4e6);
  EXPECT_LE(after.allocated, after.in_use);
  EXPECT_LE(after.in_use, after.from_system);
}

}  // namespace
}  // namespace tailback
