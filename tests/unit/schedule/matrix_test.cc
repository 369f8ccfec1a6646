// The twelve programs of tests/corpus/locks, under every policy: prediction and exhaustive search against the truth beside each.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "replay/schedule/predict.h"
#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(TAILBACK_TESTS_DIR) / "corpus" / "locks";
constexpr std::array<const char*, 12> kCases{"rr", "rr1", "abba", "abc", "gate", "single", "forkjoin", "rdrd", "rdrdw", "wrrd", "rdmu", "rdmuw"};

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// "prefer-writers": true
bool truth_of(const std::string& json, LockPolicy policy) {
  const std::string key = "\"" + std::string(to_string(policy)) + "\": ";
  const auto at = json.find(key);
  EXPECT_NE(at, std::string::npos) << key << " is missing in\n" << json;
  return at != std::string::npos && json.compare(at + key.size(), 4, "true") == 0;
}

class Matrix : public testing::TestWithParam<std::tuple<const char*, LockPolicy>> {};

TEST_P(Matrix, IsDecidedRight) {
  const auto [name, policy] = GetParam();
  Program program = scenario(content(kFolder / (std::string(name) + ".locks")));
  set_policies(program, policy);
  const bool truth = truth_of(content(kFolder / (std::string(name) + ".truth.json")), policy);

  const Exploration exhaustive = explore(Model(program));
  ASSERT_NE(exhaustive.end, SearchEnd::kBounded);
  EXPECT_EQ(exhaustive.end == SearchEnd::kFound, truth) << "exhaustive search";

  const PredictReport report = predict(program);
  EXPECT_EQ(!report.deadlocks.empty(), truth) << "prediction";
  EXPECT_TRUE(report.bounds.empty());
  for (const Prediction& prediction : report.deadlocks) {
    EXPECT_FALSE(prediction.way.empty());
    EXPECT_EQ(prediction.may, policy == LockPolicy::kEither && !prediction.needs.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(TwelvePrograms, Matrix,
                         testing::Combine(testing::ValuesIn(kCases), testing::Values(LockPolicy::kPreferReaders, LockPolicy::kPreferWriters, LockPolicy::kFifo,
                                                                                     LockPolicy::kReentrant, LockPolicy::kEither)),
                         [](const auto& tested) {
                           std::string name(to_string(std::get<1>(tested.param)));
                           std::erase(name, '-');
                           return std::string(std::get<0>(tested.param)) + "_" + name;
                         });

}  // namespace
}  // namespace tailback::replay
