#include "runtime/recorder/lock_group.h"

#include <array>
#include <limits>
#include <mutex>

#include "runtime/locks/deadlock.h"
#include "runtime/locks/registry.h"
#include "runtime/recorder/observer.h"

namespace tailback {
namespace {

class LockGroup final : public MetricGroup {
 public:
  std::span<const std::string_view> names() const override { return kNames; }

  void read(std::span<double> values) override {
    if (locks::lock_table_counts().live == 0) {
      for (double& value : values) value = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    const locks::LockMetrics metrics = locks::lock_metrics();
    values[0] = static_cast<double>(metrics.blocked_threads);
    values[1] = static_cast<double>(metrics.longest_wait_ns) * 1e-9;
    // The waiting threads look by themselves; as long as none has found a ring, there is none to be counted.
    values[2] = locks::deadlocks_reported() == 0 ? 0 : locks::check_deadlocks();
  }

 private:
  static constexpr std::array<std::string_view, 3> kNames{"blocked_threads", "lock_wait", "deadlock"};
};

// Never destroyed: a thread may find a ring while the process ends.
struct Listener {
  std::mutex mutex;
  Observer* observer = nullptr;
};

Listener& listener() {
  static Listener* const only = new Listener;
  return *only;
}

void ring_found(const locks::DeadlockReport&, void*) noexcept {
  const std::lock_guard guard(listener().mutex);
  if (listener().observer != nullptr) listener().observer->poke();
}

}  // namespace

std::unique_ptr<MetricGroup> make_lock_group() { return std::make_unique<LockGroup>(); }

void poke_on_deadlock(Observer* observer) {
  {
    const std::lock_guard guard(listener().mutex);
    listener().observer = observer;
  }
  locks::set_deadlock_handler(observer != nullptr ? ring_found : nullptr, nullptr);
}

}  // namespace tailback
