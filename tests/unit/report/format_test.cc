#include "analyze/words/format.h"

#include <gtest/gtest.h>

namespace tailback::analyze {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(Format, SeparatesThousands) {
  EXPECT_EQ(with_separators(0), "0");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_separators(1000), "1,000");
  EXPECT_EQ(with_separators(47905), "47,905");
  EXPECT_EQ(with_separators(1234567890), "1,234,567,890");
}

TEST(Format, WritesSizesInTheUnitThatReadsShortest) {
  EXPECT_EQ(byte_text(0), "0 B");
  EXPECT_EQ(byte_text(1023), "1023 B");
  EXPECT_EQ(byte_text(1024), "1 KiB");
  EXPECT_EQ(byte_text(12.0 * 1024 * 1024), "12 MiB");
  EXPECT_EQ(byte_text(20.1 * 1024 * 1024 * 1024), "20.1 GiB");
  EXPECT_EQ(byte_text(1023.9 * 1024), "1 MiB");
  EXPECT_EQ(byte_text(-2048), "-2 KiB");
}

TEST(Format, WritesDurationsInTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(-1), "?");
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(250), "250 ns");
  EXPECT_EQ(duration_text(1'500'000), "1.5 ms");
  EXPECT_EQ(duration_text(12 * kSecond), "12 s");
  EXPECT_EQ(duration_text(512 * kSecond), "8 min 32 s");
  EXPECT_EQ(duration_text(120 * kSecond), "2 min");
  EXPECT_EQ(duration_text(3 * 86400 * kSecond + 4 * 3600 * kSecond), "3 d 4 h");
}

TEST(Format, NeverRoundsAPartToAllOrToNothing) {
  EXPECT_EQ(share_text(47841, 47905), "99.9 %");
  EXPECT_EQ(share_text(99999, 100000), ">99.9 %");
  EXPECT_EQ(share_text(1, 100000), "<0.1 %");
  EXPECT_EQ(share_text(5, 5), "100 %");
  EXPECT_EQ(share_text(1, 2), "50.0 %");
  EXPECT_EQ(share_text(0, 0), "-");
}

TEST(Format, WritesRatesInAUnitThatPeopleCanPicture) {
  EXPECT_EQ(rate_text(58.2), "+58/s");
  EXPECT_EQ(rate_text(-1234), "-1,234/s");
  EXPECT_EQ(rate_text(0.5), "+0.5/s");
  EXPECT_EQ(rate_text(0.05), "+3/min");
  EXPECT_EQ(rate_text(0.0005), "+1.8/h");
}

TEST(Format, WritesTimesInUtc) {
  EXPECT_EQ(iso_time(1'581'415'111 * kSecond), "2020-02-11T09:58:31Z");
  EXPECT_EQ(iso_time(1'581'415'111 * kSecond + 250'000'000), "2020-02-11T09:58:31.250Z");
  EXPECT_EQ(iso_time(-kSecond / 2), "1969-12-31T23:59:59.500Z");
  EXPECT_EQ(iso_time(0), "");
  EXPECT_EQ(date_time_text(1'581'415'111 * kSecond), "2020-02-11 09:58:31");
  EXPECT_EQ(time_text(1'581'415'111 * kSecond), "09:58:31");
}

TEST(Format, WritesValuesInTheirUnits) {
  EXPECT_EQ(value_text(47905, "count"), "47,905");
  EXPECT_EQ(value_text(0.83, "ratio"), "83 %");
  EXPECT_EQ(value_text(12.5, "seconds"), "12.5 s");
  EXPECT_EQ(value_text(1024, "bytes"), "1 KiB");
}

}  // namespace
}  // namespace tailback::analyze
