#include "replay/sources/timestamp.h"

#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

constexpr std::int64_t kAt = 1581413510'000000000;  // 2020-02-11T09:31:50Z

std::int64_t stamp(std::string_view text, std::int64_t reference = kAt + 3600'000'000'000) {
  const auto found = TimestampParser(reference).at_begin(text);
  return found ? found->wall_ns : 0;
}

TEST(Timestamp, IsReadInTheFormsThatLoggersUse) {
  EXPECT_EQ(stamp("2020/02/11 09:31:50 INFO x"), kAt);
  EXPECT_EQ(stamp("2020/02/11 09:31:50.123456 x"), kAt + 123456000);
  EXPECT_EQ(stamp("2020-02-11 09:31:50,123 x"), kAt + 123000000);
  EXPECT_EQ(stamp("2020-02-11T09:31:50.000000123Z stderr F x"), kAt + 123);
  EXPECT_EQ(stamp("2020-02-11T10:31:50+01:00 x"), kAt);
  EXPECT_EQ(stamp("2020-02-11T09:31:50+0000 host"), kAt);
  EXPECT_EQ(stamp("2020-02-11 02:31:50 -0700 x"), kAt);
  EXPECT_EQ(stamp("Feb 11 09:31:50 web-7 x"), kAt);
  EXPECT_EQ(stamp("Tue 2020-02-11 09:31:50 CET x"), kAt);
  EXPECT_EQ(stamp("1581413510.123456 x"), kAt + 123456000);
  EXPECT_EQ(TimestampParser(kAt).glog("0211 09:31:50.123456  2114 x")->wall_ns, kAt + 123456000);
}

TEST(Timestamp, IsNotSeenWhereThereIsNone) {
  for (const char* text : {"", "2020", "2020-02-11", "2020-13-11 09:31:50 x", "2020-02-30 09:31:50 x", "2020-02-11 25:31:50 x", "Fex 11 09:31:50 x", "anF 11 09:31:50 xx",
                           "9999-02-11 09:31:50 x", "0000-00-00 00:00:00 x", "2020-02-11_09:31:50 x",
                           "Tux 2020-02-11 09:31:50 x", "Tue Feb 11 09:31:50 x", "1581413510.12 xxxx", "15814135100.123456 x", "1581413510 xxxxx"}) {
    EXPECT_EQ(stamp(text), 0) << text;
  }
}

TEST(Timestamp, WithoutAYearIsInTheLastOneThatFits) {
  const std::int64_t january = 1577880000'000000000;  // 2020-01-01T12:00:00Z
  EXPECT_EQ(stamp("Dec 31 12:00:00 host", january), january - 86400'000'000'000);
  EXPECT_NE(stamp("Feb 29 12:00:00 host", 1640995200'000000000), 0) << "read in 2022: of 2020";
}

}  // namespace
}  // namespace tailback::replay
