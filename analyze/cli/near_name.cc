#include "analyze/cli/near_name.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

namespace tailback::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: three rows of the usual table are enough to see a swap.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string near_file_name(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path wanted(path);
  const std::string name = wanted.filename().string();
  const fs::path folder = wanted.has_parent_path() ? wanted.parent_path() : fs::path(".");
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  constexpr int kMostEntries = 10'000;
  // A third of the name may be wrong; more is another name.
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  fs::path best;
  for (int seen = 0; !error && entries != fs::directory_iterator() && seen < kMostEntries; entries.increment(error), ++seen) {
    const std::string candidate = entries->path().filename().string();
    std::error_code ignored;
    if (entries->is_directory(ignored)) continue;
    const std::size_t distance = edit_distance(name, candidate);
    // service.log for service.log.zst: a forgotten ending is nearer than its length says.
    const bool prefix = candidate.size() > name.size() && !name.empty() && candidate.compare(0, name.size(), name) == 0;
    const std::size_t weighed = prefix ? 1 : distance;
    if (weighed < least || (weighed == least && !best.empty() && candidate < best.filename().string())) {
      least = weighed;
      best = entries->path();
    }
  }
  if (best.empty()) return {};
  return wanted.has_parent_path() ? best.string() : best.filename().string();
}

}  // namespace tailback::cli
