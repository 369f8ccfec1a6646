// Searches the model: the shortest way into a deadlock, or the proof within a bound that there is none.
//
// Breadth first over canonical positions, so the first deadlock found has the fewest moves. A search ends in one of three ways: found, exhausted
// (every position was seen: a proof for this program), or bounded (the limit came first: nothing is claimed beyond it).
//
// Where positions are too many, interleavings of few preemptions show most deadlocks (M. Musuvathi and S. Qadeer, Iterative context bounding,
// PLDI 2007): a preemption is a move of another thread while the one that moved last could go on.
//
// Cost: about 50 bytes a position and 2 bytes a thread; see tests/bench/schedule.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replay/schedule/model.h"

namespace tailback::replay {

struct ExploreLimits {
  std::uint64_t states = 1'000'000;
  std::uint64_t bytes = std::uint64_t{1} << 29;
  std::optional<std::uint16_t> preemptions;  ///< none: as many as there are
};

/// " with at most 2 preemptions", or nothing.
[[nodiscard]] std::string preemptions_allowed(const ExploreLimits& limits);

enum class SearchEnd : std::uint8_t { kFound, kExhausted, kBounded };
[[nodiscard]] std::string_view to_string(SearchEnd);

struct Exploration {
  SearchEnd end = SearchEnd::kBounded;
  std::uint64_t states = 0;
  std::vector<Happened> way;           ///< kFound: the moves, in order
  std::vector<std::uint32_t> stuck;    ///< kFound: the instances that can never go on
  std::string bound;                   ///< kBounded: what came to an end, in words
  bool preempted_no_more = false;      ///< kBounded: by the preemptions alone; every interleaving of so few was seen
};

/// Whether a position is what is looked for; `stuck` is never empty. Default: any deadlock.
using Goal = std::function<bool(const Position&, std::span<const std::uint32_t> stuck)>;

[[nodiscard]] Exploration explore(const Model& model, const ExploreLimits& limits = {}, const Goal& goal = {});

enum class CanFinish : std::uint8_t { kYes, kNo, kUnknown /**< the limit came first */ };

/// Whether some continuation of the position lets every thread come to its end.
[[nodiscard]] CanFinish can_finish(const Position& from, const ExploreLimits& limits = {});

/// The program with every count at most `cap`, except of threads that are started or joined.
[[nodiscard]] Program with_counts_capped(const Program& program, std::uint32_t cap);

}  // namespace tailback::replay
