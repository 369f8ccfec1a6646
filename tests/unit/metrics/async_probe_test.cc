#include "runtime/metrics/async_probe.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

namespace tailback {
namespace {

class FakeClock final : public Clock {
 public:
  std::int64_t mono_ns() const override { return now.load(); }
  std::int64_t wall_ns() const override { return now.load(); }
  std::atomic<std::int64_t> now{1'000'000'000};
};

/// A reader that takes as long as the clock says and comes back when it is let.
struct Gate {
  std::counting_semaphore<> entered{0}, leave{0};
  std::atomic<int> readings{0};
};

class GatedReader final : public AsyncProbe::Reader {
 public:
  GatedReader(Gate& gate) : gate_(gate) {}
  void read(AsyncProbe::Values& values) override {
    gate_.entered.release();
    gate_.leave.acquire();
    values[0] = ++gate_.readings;
  }

 private:
  Gate& gate_;
};

/// The thread publishes after the reader has returned; this waits for it without a clock.
AsyncProbe::Answer wait_for_reading(const AsyncProbe& probe, double value) {
  AsyncProbe::Answer answer = probe.answer();
  while (!answer.have_values || answer.values[0] != value) {
    std::this_thread::yield();
    answer = probe.answer();
  }
  return answer;
}

constexpr std::int64_t kMs = 1'000'000;

TEST(AsyncProbe, GivesTheLastValuesWithTheirAge) {
  FakeClock clock;
  Gate gate;
  const auto probe = AsyncProbe::start("probe", std::make_unique<GatedReader>(gate), {}, clock);
  ASSERT_NE(probe, nullptr);
  EXPECT_FALSE(probe->answer().have_values);
  probe->ask();
  gate.entered.acquire();
  gate.leave.release();
  wait_for_reading(*probe, 1);
  clock.now += 500 * kMs;
  EXPECT_EQ(probe->answer().values[0], 1);
  EXPECT_EQ(probe->answer().age_ns, 500 * kMs);
}

TEST(AsyncProbe, IsOverdueAfterItsDeadlineAndIsNotAskedAgainMeanwhile) {
  FakeClock clock;
  Gate gate;
  ProbeOptions options;
  options.deadline_ns = 50 * kMs;
  const auto probe = AsyncProbe::start("probe", std::make_unique<GatedReader>(gate), options, clock);
  probe->ask();
  gate.entered.acquire();
  clock.now += 50 * kMs;
  EXPECT_FALSE(probe->answer().overdue);
  clock.now += 1;
  EXPECT_TRUE(probe->answer().overdue);
  for (int i = 0; i < 10; ++i) probe->ask();
  gate.leave.release();
  EXPECT_FALSE(wait_for_reading(*probe, 1).overdue);
  EXPECT_FALSE(gate.entered.try_acquire()) << "one reading, however often it was asked";
}

TEST(AsyncProbe, KeepsAHundredTimesItsDurationApartAndAThousandWhenThreadsFeltIt) {
  FakeClock clock;
  Gate gate;
  ProbeOptions options;
  options.stall_limit_ns = 20 * kMs;
  const auto probe = AsyncProbe::start("probe", std::make_unique<GatedReader>(gate), options, clock);
  const auto read_taking = [&](std::int64_t duration, double value) {
    probe->ask();
    gate.entered.acquire();
    clock.now += duration;
    gate.leave.release();
    wait_for_reading(*probe, value);
  };
  const auto asked_after = [&](std::int64_t wait) {
    clock.now += wait;
    probe->ask();
    const bool read = gate.entered.try_acquire_for(std::chrono::milliseconds(20));
    clock.now -= wait;
    return read;
  };
  read_taking(10 * kMs, 1);
  EXPECT_FALSE(asked_after(1000 * kMs - 1));
  clock.now += 1000 * kMs;
  read_taking(30 * kMs, 2);
  EXPECT_FALSE(asked_after(29'999 * kMs));
  clock.now += 30'000 * kMs;
  read_taking(1, 3);
}

TEST(AsyncProbe, DoesNotHoldUpItsOwnerWhenItHangs) {
  static Gate gate;  // outlives the thread that is left behind
  auto probe = AsyncProbe::start("probe", std::make_unique<GatedReader>(gate));
  probe->ask();
  gate.entered.acquire();
  probe.reset();
  gate.leave.release();
}

}  // namespace
}  // namespace tailback
