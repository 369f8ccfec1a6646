// Where one dump ends and the next begins.
#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::ElementsAre;

std::string goroutine(int id, const char* state = "select") {
  return "goroutine " + std::to_string(id) + " [" + state + "]:\nmain.f(0x1)\n\t/go/main.go:1 +0x1\n\n";
}

TEST(GoDumps, BeginWithAGoroutineThatWasThereBefore) {
  const Recording r = read_one(goroutine(9, "running") + goroutine(1) + goroutine(2) + goroutine(9, "running") + goroutine(1) + goroutine(2) + goroutine(3));
  EXPECT_THAT(threads_of_dumps(r), ElementsAre(3, 4));
}

TEST(GoDumps, BeginWithTheOneThatDumpsEvenIfItIsNew) {
  const Recording r = read_one(goroutine(9, "running") + goroutine(1) + goroutine(2) + goroutine(77, "running") + goroutine(1) + goroutine(2));
  EXPECT_THAT(threads_of_dumps(r), ElementsAre(3, 3));
  EXPECT_EQ(r.dumps[1].threads[0].id, "77");
  EXPECT_EQ(r.dumps[1].line_of_thread[0], 13u);
}

TEST(GoDumps, EndAtAMarkerAPanicOrAfterAQuietTime) {
  EXPECT_THAT(threads_of_dumps(read_one(goroutine(1) + "=== END of stack dump ===\n" + goroutine(2))), ElementsAre(1, 1));
  EXPECT_THAT(threads_of_dumps(read_one(goroutine(1) + "panic: no\n\n" + goroutine(2))), ElementsAre(1, 1));
  EXPECT_THAT(threads_of_dumps(read_one("2020/02/11 09:31:50 x\n" + goroutine(1) + "2020/02/11 09:32:50 x\n" + goroutine(2))), ElementsAre(1, 1));
}

TEST(GoDumps, AreToldApartBySomeOfManyGoroutinesWhoseNumbersLieFarApart) {
  std::string first, second;
  for (int i = 1; i <= 3000; ++i) first += goroutine(i * 65);
  for (int i = 1; i <= 3000; ++i) second += goroutine(i % 2 == 0 ? i * 65 : i * 65 + 1);
  EXPECT_THAT(threads_of_dumps(read_one(first + goroutine(1950 * 65))), ElementsAre(3000, 1));
  EXPECT_THAT(threads_of_dumps(read_one(first + second)), ElementsAre(3001, 2999)) << "the first one is new, and nobody dumps";
}

TEST(GoDumps, GoOnAcrossLogLinesOfTheSameMoment) {
  EXPECT_THAT(threads_of_dumps(read_one("2020/02/11 09:31:50 x\n" + goroutine(1) + "2020/02/11 09:31:51 WARN slow\n" + goroutine(2))), ElementsAre(2));
}

TEST(GoDumps, ComeLateInALongLog) {
  std::string log;
  for (int i = 0; i < 40000; ++i) log += "2020/02/11 09:31:50 INFO request served in 12 ms, nothing to see here\n";
  const Recording r = read_one(log + goroutine(1) + goroutine(2));
  EXPECT_THAT(threads_of_dumps(r), ElementsAre(2));
  EXPECT_EQ(r.dumps[0].line_of_thread[0], 40001u);
}

}  // namespace
}  // namespace tailback::replay
