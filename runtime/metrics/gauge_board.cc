#include "runtime/metrics/gauge_board.h"

#include <algorithm>

#include "runtime/metrics/metric_names.h"

namespace tailback {
namespace {

// The words that a trigger can name, and none that is taken.
bool can_be_a_metric(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto rest = [letter](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == ':'; };
  if (name.empty() || name.size() > GaugeBoard::kMostName || !letter(name.front()) || !std::all_of(name.begin(), name.end(), rest)) return false;
  if (name == "for" || name == "of" || name == "limit") return false;
  return find_known_metric(name) == nullptr;
}

}  // namespace

GaugeCell* GaugeBoard::add(std::string_view name, std::string_view unit, bool counter) {
  const std::lock_guard guard(mutex_);
  const std::size_t count = count_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < count; ++i) {
    if (cells_[i]->name == name) return cells_[i].get();
  }
  if (count == kMost || !can_be_a_metric(name) || unit.size() > kMostUnit) return nullptr;
  auto cell = std::make_unique<GaugeCell>();
  cell->name = std::string(name);
  cell->unit = std::string(unit);
  cell->counter = counter;
  cells_[count] = std::move(cell);
  count_.store(count + 1, std::memory_order_release);
  return cells_[count].get();
}

}  // namespace tailback
