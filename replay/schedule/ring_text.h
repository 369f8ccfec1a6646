// Rings in names: from the indices of requests to what reports show. Shared by the prediction from programs and from traces.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "replay/schedule/predict.h"

namespace tailback::replay {

/// How indices are called.
struct RingNames {
  std::function<std::string(std::uint32_t lock)> lock;
  std::function<std::string(const Request&)> thread;
  std::function<std::string(const Request&)> place;
  std::function<std::string(const Request&, const HeldLock&)> held_place;
  std::function<std::uint64_t(const Request&)> others;
};

/// ring, needs and may of a pattern. `writers` stays empty.
[[nodiscard]] Prediction describe(const RingNames& names, std::span<const LockRule> rules, std::span<const Request> requests, const Pattern& pattern);

/// Equal for patterns that differ only in which writer waits.
[[nodiscard]] std::vector<std::uint32_t> without_writers(const Pattern& pattern, std::span<const Request> requests);

/// A writer without holds for each read-write lock, of a thread that does nothing else: what hazards are made of.
[[nodiscard]] std::vector<Request> imagined_writers(std::span<const LockRule> rules, std::uint32_t first_thread);

/// Pairs of requests in inverted order that are no pattern, each with the reason why not.
struct Inversion {
  std::uint32_t first, second;
  std::string reason;
};
[[nodiscard]] std::vector<Inversion> inversions_of(const RingNames& names, std::span<const LockRule> rules, std::span<const Request> requests,
                                                   std::size_t limit);

}  // namespace tailback::replay
