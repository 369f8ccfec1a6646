// The lock registry's part of a sample, and its call when a ring has closed.
#pragma once

#include <memory>

#include "runtime/metrics/metric_group.h"

namespace tailback {

class Observer;

/// blocked_threads, lock_wait, deadlock; missing in a process that uses no instrumented lock.
[[nodiscard]] std::unique_ptr<MetricGroup> make_lock_group();

/// Has `observer` take a sample as soon as the registry has found a deadlock. Null: nobody any more; when it returns, the one before is not
/// touched again.
void poke_on_deadlock(Observer* observer);

}  // namespace tailback
