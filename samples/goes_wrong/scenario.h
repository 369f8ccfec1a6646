// A way in which a service goes wrong, on demand.
//
// Each scenario file defines one: its function starts the service's threads, brings them into the state that its name tells, every time and
// without waiting for luck, and returns while they are still in it. main.cc records the process meanwhile.
// Plain std and pthread locks, as an unsuspecting service has them: nothing here helps the recorder.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace goes_wrong {

struct Scenario {
  std::string_view name;
  std::string_view finding;      ///< the kind that `tailback analyze` reports; "none" for a healthy service
  std::string_view summary;
  std::size_t default_threads;   ///< how many requests pile up
  /// Called once; `threads` is how many requests to pile up.
  void (*start)(std::size_t threads);
  /// Called every tick of about 100 ms afterwards, for what must go on; may be null.
  void (*tick)();
};

extern const Scenario kAbba, kRing, kDoubleLock, kConvoy, kIoHolder, kPool, kLostSignal, kOrphan, kLeak, kHealthy;

/// All of them, in the order of the README.
[[nodiscard]] std::vector<const Scenario*> scenarios();

/// Starts a thread that nobody joins: the process ends with it still blocked.
void spawn(std::function<void()> work);

/// Starts `count` threads that all run `work`, and returns when each of them has been started.
void spawn_many(std::size_t count, const std::function<void()>& work);

}  // namespace goes_wrong
