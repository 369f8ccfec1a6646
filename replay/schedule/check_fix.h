// Does a fix help? What was wrong before, what of it is left, what is new, and how far that is proven.
//
// Two answers that don't depend on each other: the rings (for any number of threads), and exhaustive search with as many threads of each line as the limits
// allow. The bound is part of the answer, always; nothing is called safe beyond it.
//
// Thread safety: pure functions of values.
#pragma once

#include <string>
#include <vector>

#include "replay/schedule/predict.h"
#include "replay/schedule/predict_trace.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

enum class FixVerdict : std::uint8_t {
  kFixed,        ///< nothing left, nothing new, and search saw every interleaving
  kBounded,      ///< nothing left, nothing new, as far as the search came
  kNotFixed,     ///< something is left
  kNewDeadlock,  ///< what was there is gone, and something else is there
  kNothingToFix, ///< there was none before either
};
[[nodiscard]] std::string_view to_string(FixVerdict);

struct FixCheck {
  FixVerdict verdict = FixVerdict::kBounded;
  PredictReport before, after;
  std::vector<std::size_t> gone;       ///< indices into before.deadlocks
  std::vector<std::size_t> remaining;  ///< indices into after.deadlocks
  std::vector<std::size_t> fresh;      ///< indices into after.deadlocks
  SearchEnd search = SearchEnd::kBounded;
  std::uint32_t threads_searched = 0;  ///< of each line, in the largest search that came to its end
  std::uint64_t threads_asked = 0;     ///< of the longest line
  std::uint64_t states = 0;
  std::string bound;                   ///< in words, never empty: "every interleaving of 9 threads (39 states)"
};

[[nodiscard]] FixCheck check_fix(const Program& before, const Program& after, const PredictOptions& options = {});

/// The same for a trace: rings by prediction from the trace as it would have been with the fixes, search by the sections of the deadlocks that were predicted.
[[nodiscard]] Result<FixCheck> check_fixes(const TraceStream& trace, const std::vector<std::string>& fixes, const PredictTraceOptions& options = {});

/// All of the fixes, one after the other.
[[nodiscard]] Result<Program> with_fixes(const Program& program, const std::vector<std::string>& fixes);

}  // namespace tailback::replay
