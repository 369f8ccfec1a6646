#include "analyze/trend/group_trends.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tailback::analyze {

std::optional<double> growth_per_second(const Recording& recording, const std::vector<std::uint64_t>& counts) {
  const auto first = std::find_if(counts.begin(), counts.end(), [](std::uint64_t count) { return count != 0; });
  if (first == counts.end()) return std::nullopt;
  auto from = static_cast<std::size_t>(first - counts.begin());
  const std::size_t to = counts.size() - 1;
  // A group that appears full-grown in the only dump after an empty one grew in between.
  if (from == to && from > 0) --from;
  const std::int64_t begin = recording.dumps[from].wall_ns, end = recording.dumps[to].wall_ns;
  if (begin == 0 || end <= begin) return std::nullopt;
  return (static_cast<double>(counts[to]) - static_cast<double>(counts[from])) / (static_cast<double>(end - begin) / 1e9);
}

std::vector<GroupTrend> group_trends(const Recording& recording, const Analysis& analysis, const LockDirectory& locks) {
  // What makes two groups of different dumps the same one.
  using Key = std::tuple<std::uint32_t, std::uint32_t, LockMode, ThreadState>;
  std::map<Key, GroupTrend> by_key;
  for (const DumpAnalysis& dump : analysis.dumps) {
    for (std::size_t i = 0; i < dump.groups.size(); ++i) {
      const Group& group = dump.groups[i];
      const std::uint32_t lock = group.lock.valid() ? locks.identity(dump.dump, group.lock) : LockId::kNone;
      GroupTrend& trend = by_key[{group.shape, lock, group.mode, group.state}];
      if (trend.counts.empty()) {
        trend.counts.resize(recording.dumps.size(), 0);
        trend.first_dump = dump.dump;
      }
      trend.counts[dump.dump] += group.count;
      trend.dump = dump.dump;
      trend.group = i;
    }
  }
  std::vector<GroupTrend> trends;
  for (auto& [key, trend] : by_key) {
    if (trend.first_dump == 0 && trend.dump == 0) continue;
    trend.growth_per_second = growth_per_second(recording, trend.counts);
    trends.push_back(std::move(trend));
  }
  std::stable_sort(trends.begin(), trends.end(), [](const GroupTrend& a, const GroupTrend& b) {
    return std::tuple(a.counts.back(), a.counts[a.dump]) > std::tuple(b.counts.back(), b.counts[b.dump]);
  });
  return trends;
}

}  // namespace tailback::analyze
