// The process's gauges: one board, made at first use and never destroyed, so that a gauge may be set at any time, also at exit.
#include <pthread.h>

#include <cmath>

#include "runtime/recorder/process_gauges.h"
#include <tailback/recorder.h>

namespace tailback {
namespace {

GaugeBoard* the_board = nullptr;

}  // namespace

std::shared_ptr<GaugeBoard> process_gauges() {
  static const std::shared_ptr<GaugeBoard>& board = *new std::shared_ptr<GaugeBoard>([] {
    the_board = new GaugeBoard;
    // A fork while another thread adds a gauge must not leave the child with a lock that nobody will release.
    ::pthread_atfork([] { the_board->lock(); }, [] { the_board->unlock(); }, [] { the_board->unlock(); });
    return the_board;
  }());
  return board;
}

namespace {

std::atomic<double>* cell_of(std::string_view name, std::string_view unit, bool counter) noexcept {
  try {
    GaugeCell* const cell = process_gauges()->add(name, unit, counter);
    return cell != nullptr ? &cell->value : nullptr;
  } catch (...) {
    return nullptr;
  }
}

}  // namespace

Gauge gauge(std::string_view name, std::string_view unit) { return Gauge(cell_of(name, unit, false)); }

Gauge counter(std::string_view name, std::string_view unit) { return Gauge(cell_of(name, unit, true)); }

void Gauge::add(double value) const noexcept {
  if (cell_ == nullptr) return;
  double before = cell_->load(std::memory_order_relaxed);
  while (!cell_->compare_exchange_weak(before, (std::isnan(before) ? 0 : before) + value, std::memory_order_relaxed)) {
  }
}

}  // namespace tailback
