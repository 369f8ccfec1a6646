#include "replay/sources/line_order.h"

#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

TEST(LineOrder, IsToldByHeadersBelowTheirFrames) {
  EXPECT_TRUE(newest_line_first("\t/src/a.go:1 +0x1\nmain.f(0x1)\ngoroutine 5 [running]:\n\n\t/src/a.go:1 +0x1\nmain.g()\ngoroutine 6 [running]:\n"));
  EXPECT_TRUE(newest_line_first("x[1]: #    0x1    main.f+0x1    /a.go:1\nx[1]: 4 @ 0x1\nx[1]:\nx[1]: #    0x1    main.g+0x1    /a.go:1\nx[1]: 1 @ 0x1\n"));
  EXPECT_TRUE(newest_line_first("  File \"/a.py\", line 1 in f\nThread 0x1 (most recent call first):\n\n  File \"/a.py\", line 1 in g\nThread 0x2 (most recent call first):\n"));
}

TEST(LineOrder, IsNotDoubtedForACutOrAForeignLine) {
  EXPECT_FALSE(newest_line_first("goroutine 5 [running]:\nmain.f()\n\t/src/a.go:1 +0x1\n"));
  EXPECT_FALSE(newest_line_first("stuck (again)\ngoroutine 5 [running]:\nmain.f()\n"));
  EXPECT_FALSE(newest_line_first("  File \"/a.py\", line 1 in f\nThread 0x1 (most recent call first):\n"));  // cut at both ends
  EXPECT_FALSE(newest_line_first("created by main.main\n\t/src/a.go:1 +0x1\ngoroutine 5 [running]:\n"));
  EXPECT_FALSE(newest_line_first(""));
}

}  // namespace
}  // namespace tailback::replay
