#include "analyze/group/argument_columns.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tailback::analyze {
namespace {

struct Counting {
  ArgumentColumn column;
  std::vector<std::uint64_t> values;  // sorted, at most kMany
};

auto place(const ArgumentColumn& column) { return std::tuple(column.frame, column.position); }

void count(Counting& counting, const Argument& argument) {
  counting.column.uncertain |= argument.uncertain;
  std::vector<std::uint64_t>& values = counting.values;
  if (values.size() >= ArgumentColumn::kMany) return;
  const auto at = std::lower_bound(values.begin(), values.end(), argument.value);
  if (at == values.end() || *at != argument.value) values.insert(at, argument.value);
}

class Columns {
 public:
  /// The column of `argument`, which in the threads before was the `expected`-th.
  Counting& of(std::size_t expected, const Argument& argument) {
    const std::tuple key(argument.frame, argument.position);
    // Threads of one group print the same columns in the same order, nearly always.
    if (expected < all_.size() && place(all_[expected].column) == key) return all_[expected];
    const auto [known, added] = index_.try_emplace(key, all_.size());
    if (!added) return all_[known->second];
    ArgumentColumn column;
    column.frame = argument.frame;
    column.position = argument.position;
    column.name = argument.name;
    column.value = argument.value;
    return all_.emplace_back(Counting{column, {}});
  }

  [[nodiscard]] std::vector<Counting>& all() { return all_; }

 private:
  std::vector<Counting> all_;  ///< in the order in which they were met
  std::map<decltype(place(ArgumentColumn())), std::size_t> index_;
};

}  // namespace

std::vector<ArgumentColumn> argument_columns(const StackTable& table, const Dump& dump, const Group& group) {
  Columns columns;
  for (const ThreadIndex thread : group.threads) {
    const auto arguments = table.arguments(dump.threads[thread.index].arguments);
    for (std::size_t i = 0; i < arguments.size(); ++i) count(columns.of(i, arguments[i]), arguments[i]);
  }
  std::vector<ArgumentColumn> result;
  result.reserve(columns.all().size());
  for (Counting& counting : columns.all()) {
    counting.column.distinct = static_cast<std::uint32_t>(counting.values.size());
    result.push_back(counting.column);
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return place(a) < place(b); });
  return result;
}

}  // namespace tailback::analyze
