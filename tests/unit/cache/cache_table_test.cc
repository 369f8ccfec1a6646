#include <tailback/cache_table.h>

#include <functional>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace tailback::detail {
namespace {

struct Counted {
  int value = 0;
};
using Table = CacheTable<std::string, Counted, std::equal_to<std::string>>;

std::map<std::string, int> content(const Table& table) {
  std::map<std::string, int> all;
  table.for_each([&](const std::string& key, const Counted& entry) { EXPECT_TRUE(all.emplace(key, entry.value).second) << key; });
  return all;
}

// A hash of few values makes clusters, and they wrap around the end of the slots.
void compare_with_map(std::uint64_t hashes) {
  const auto hash = [hashes](const std::string& key) { return std::stoull(key) % hashes + (std::uint64_t{1} << 40) - hashes / 2; };
  std::mt19937_64 random(hashes);
  Table table;
  std::map<std::string, int> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = std::to_string(random() % 300);
    Counted* found = table.find(key, hash(key));
    const auto known = model.find(key);
    ASSERT_EQ(found != nullptr, known != model.end()) << key;
    if (found != nullptr) {
      ASSERT_EQ(found->value, known->second);
    }
    switch (random() % 3) {
      case 0:
        if (found == nullptr) table.add(key, hash(key)).value = model[key] = step;
        break;
      case 1:
        ASSERT_EQ(table.erase(key, hash(key)), model.erase(key) == 1);
        break;
      default:
        if (step % 100 == 0) {
          const int odd = step / 100 % 2;
          table.erase_if([&](const std::string&, const Counted& entry) { return entry.value % 2 == odd; });
          std::erase_if(model, [&](const auto& entry) { return entry.second % 2 == odd; });
        }
    }
    ASSERT_EQ(table.size(), model.size());
    if (step % 500 == 0) {
      ASSERT_EQ(content(table), model);
    }
  }
}

TEST(CacheTable, DoesAsAMapWhenAllHashesDiffer) { compare_with_map(1'000'003); }
TEST(CacheTable, DoesAsAMapWhenHashesCluster) { compare_with_map(7); }
TEST(CacheTable, DoesAsAMapWhenAllHashesAreOne) { compare_with_map(1); }

TEST(CacheTable, EntriesStayWhereTheyAreWhileItGrows) {
  Table table;
  Counted* first = &table.add("first", 1);
  first->value = 42;
  for (std::uint64_t i = 0; i < 1000; ++i) table.add(std::to_string(i), mix_hash(i));
  EXPECT_EQ(table.find("first", 1), first);
  EXPECT_EQ(first->value, 42);
}

TEST(CacheTable, TheLeastOfAllSeenGoes) {
  for (std::uint64_t chance = 0; chance < 40; ++chance) {
    Table table;
    for (int i = 0; i < 10; ++i) table.add(std::to_string(i), mix_hash(static_cast<std::uint64_t>(i))).value = (i + 3) % 10;
    table.erase_least_of(10, chance, [](const Counted& entry) { return entry.value; });
    EXPECT_EQ(table.size(), 9u);
    EXPECT_EQ(table.find("7", mix_hash(7)), nullptr);
  }
}

TEST(CacheTable, AnEmptyOneHasNothing) {
  Table table;
  EXPECT_EQ(table.find("a", 1), nullptr);
  EXPECT_FALSE(table.erase("a", 1));
  table.erase_if([](const std::string&, const Counted&) { return true; });
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace tailback::detail
