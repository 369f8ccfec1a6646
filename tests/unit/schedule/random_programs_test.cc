// Random programs: the rule of requests.h against exhaustive search. No miss and no false report, under every policy.
//
// 2,000 programs a policy; TAILBACK_RANDOM_PROGRAMS=N for more (a nightly run takes 20,000 and up).
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "replay/schedule/explorer.h"
#include "replay/schedule/requests.h"
#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

std::uint32_t wanted_programs() {
  const char* text = std::getenv("TAILBACK_RANDOM_PROGRAMS");
  return text == nullptr ? 2'000 : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

class RandomProgram {
 public:
  RandomProgram(std::uint32_t seed, LockPolicy policy) : random_(seed), policy_(policy) {}

  Program make() {
    Program program;
    for (std::uint32_t i = 0; i < 3; ++i) {
      const bool rwlock = below(4) != 0;
      const LockKind kind = rwlock ? LockKind::kRwlock : below(4) == 0 ? LockKind::kRecursiveMutex : LockKind::kMutex;
      program.locks.push_back({std::string(1, static_cast<char>('a' + i)), kind, rwlock ? policy_ : LockPolicy::kUnknown});
    }
    const std::uint32_t threads = 2 + below(2);
    for (std::uint32_t t = 0; t < threads; ++t) program.threads.push_back(thread(program, "t" + std::to_string(t)));
    const Result<void> checked = check(program, "random");
    EXPECT_TRUE(checked.ok()) << checked.error().to_string() << "\n" << write_scenario(program);
    return program;
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  // Sections that need not nest: any held lock may be released next.
  ProgramThread thread(const Program& program, std::string name) {
    ProgramThread result{std::move(name), {}, 1, 0};
    std::vector<std::uint32_t> held;
    const std::uint32_t requests = 1 + below(4);
    for (std::uint32_t taken = 0; taken < requests || !held.empty();) {
      if (taken < requests && (held.empty() || below(2) == 0)) {
        const std::uint32_t lock = below(3);
        const bool shared = program.locks[lock].kind == LockKind::kRwlock && below(2) == 0;
        result.steps.push_back({StepKind::kLock, shared ? LockMode::kShared : LockMode::kExclusive, false, false, lock});
        held.push_back(lock);
        ++taken;
      } else {
        const std::uint32_t which = below(static_cast<std::uint32_t>(held.size()));
        result.steps.push_back({StepKind::kUnlock, LockMode::kExclusive, false, false, held[which]});
        held.erase(held.begin() + which);
      }
    }
    return result;
  }

  std::mt19937 random_;
  LockPolicy policy_;
};

class RandomPrograms : public testing::TestWithParam<LockPolicy> {};

TEST_P(RandomPrograms, TheRuleAgreesWithExhaustiveSearch) {
  std::uint32_t deadlocks = 0, misses = 0, false_reports = 0;
  const std::uint32_t programs = wanted_programs();
  for (std::uint32_t seed = 0; seed < programs; ++seed) {
    const Program program = RandomProgram(seed, GetParam()).make();
    const Exploration truth = explore(Model(program));
    ASSERT_NE(truth.end, SearchEnd::kBounded);
    const bool deadlock = truth.end == SearchEnd::kFound;
    const bool reported = !find_patterns(rules_of(program), requests_of(program)).patterns.empty();
    deadlocks += deadlock ? 1 : 0;
    misses += deadlock && !reported ? 1 : 0;
    false_reports += !deadlock && reported ? 1 : 0;
    if (deadlock != reported && misses + false_reports < 4) {
      ADD_FAILURE() << (reported ? "false report" : "miss") << ", seed " << seed << "\n" << write_scenario(program) << way_of(Model(program), truth);
    }
  }
  EXPECT_EQ(misses, 0u);
  EXPECT_EQ(false_reports, 0u);
  EXPECT_GT(deadlocks, programs / 10) << "the corpus must contain both";
  EXPECT_LT(deadlocks, programs - programs / 20);
}

TEST_P(RandomPrograms, FewPreemptionsFindMostDeadlocksAndInventNone) {
  std::uint32_t deadlocks = 0, found = 0;
  for (std::uint32_t seed = 0; seed < wanted_programs() / 4; ++seed) {
    const Program program = RandomProgram(seed, GetParam()).make();
    const Model model(program);
    const bool deadlock = explore(model).end == SearchEnd::kFound;
    ExploreLimits limits;
    limits.preemptions = 1000;
    ASSERT_EQ(explore(model, limits).end == SearchEnd::kFound, deadlock) << write_scenario(program);
    limits.preemptions = 2;
    const Exploration few = explore(model, limits);
    ASSERT_LE(few.end == SearchEnd::kFound, deadlock) << write_scenario(program);
    deadlocks += deadlock ? 1 : 0;
    found += few.end == SearchEnd::kFound ? 1 : 0;
  }
  EXPECT_GT(found * 10, deadlocks * 9) << found << " of " << deadlocks;
}

INSTANTIATE_TEST_SUITE_P(EveryPolicy, RandomPrograms,
                         testing::Values(LockPolicy::kPreferReaders, LockPolicy::kPreferWriters, LockPolicy::kFifo, LockPolicy::kReentrant, LockPolicy::kEither),
                         [](const auto& tested) {
                           std::string name(to_string(tested.param));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace tailback::replay
