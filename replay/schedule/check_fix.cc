#include "replay/schedule/check_fix.h"

#include <algorithm>
#include <set>

#include "replay/schedule/fix.h"

namespace tailback::replay {
namespace {

// A search costs its states times its threads; one this large is the last (about a second).
constexpr std::uint64_t kLongSearch = 4'000'000;

/// Searches with 1, 2, 3, 4, 6, 9, … threads of each line until all are in or a limit is met.
void search(const Program& program, const ExploreLimits& limits, FixCheck& result) {
  std::uint32_t longest = 1;
  for (const ProgramThread& thread : program.threads) longest = std::max(longest, thread.count);
  result.threads_asked = longest;
  std::string why;
  for (std::uint32_t cap = 1;; cap = cap < 4 ? cap + 1 : cap + cap / 2) {
    cap = std::min(cap, longest);
    const Program small = with_counts_capped(program, cap);
    const Exploration explored = explore(Model(small), limits);
    if (explored.end == SearchEnd::kBounded && !explored.preempted_no_more) {
      why = explored.bound + " were not enough";
      break;
    }
    result.states = explored.states;
    result.threads_searched = cap;
    result.search = explored.end;
    if (explored.end == SearchEnd::kFound || cap == longest) break;
    if (explored.states * small.thread_count() > kLongSearch) {
      why = "searches take longer than is reasonable";
      break;
    }
  }
  if (result.search == SearchEnd::kFound) {
    result.bound = "a deadlock after " + std::to_string(result.states) + " states";
  } else if (result.threads_searched == 0) {
    result.search = SearchEnd::kBounded;
    result.bound = "nothing was searched to its end: " + why;
  } else if (result.threads_searched == longest) {
    result.bound = "every interleaving of " + std::to_string(program.thread_count()) + " threads" + preemptions_allowed(limits) + " (" + std::to_string(result.states) + " states)";
  } else {
    result.search = SearchEnd::kBounded;
    result.bound = "every interleaving with up to " + std::to_string(result.threads_searched) + " of " + std::to_string(longest) + " threads of a line" + preemptions_allowed(limits) + " (" +
                   std::to_string(result.states) + " states); with more, " + why;
  }
}

void compare(FixCheck& result) {
  std::set<std::string> known, left;
  for (const Prediction& prediction : result.before.deadlocks) known.insert(prediction.key());
  for (std::size_t i = 0; i < result.after.deadlocks.size(); ++i) {
    const std::string key = result.after.deadlocks[i].key();
    left.insert(key);
    (known.contains(key) ? result.remaining : result.fresh).push_back(i);
  }
  for (std::size_t i = 0; i < result.before.deadlocks.size(); ++i) {
    if (!left.contains(result.before.deadlocks[i].key())) result.gone.push_back(i);
  }
}

void conclude(FixCheck& result) {
  if (!result.remaining.empty()) {
    result.verdict = FixVerdict::kNotFixed;
  } else if (!result.fresh.empty() || result.search == SearchEnd::kFound) {
    result.verdict = FixVerdict::kNewDeadlock;
  } else if (result.before.deadlocks.empty()) {
    result.verdict = FixVerdict::kNothingToFix;
  } else {
    result.verdict = result.search == SearchEnd::kExhausted && result.after.bounds.empty() ? FixVerdict::kFixed : FixVerdict::kBounded;
  }
}

}  // namespace

std::string_view to_string(FixVerdict verdict) {
  switch (verdict) {
    case FixVerdict::kFixed:
      return "fixed";
    case FixVerdict::kBounded:
      return "bounded";
    case FixVerdict::kNotFixed:
      return "not_fixed";
    case FixVerdict::kNewDeadlock:
      return "new_deadlock";
    case FixVerdict::kNothingToFix:
      break;
  }
  return "nothing_to_fix";
}

FixCheck check_fix(const Program& before, const Program& after, const PredictOptions& options) {
  FixCheck result;
  result.before = predict(before, options);
  result.after = predict(after, options);
  compare(result);
  search(after, options.explore, result);
  conclude(result);
  return result;
}

Result<Program> with_fixes(const Program& program, const std::vector<std::string>& fixes) {
  Program fixed = program;
  for (const std::string& fix : fixes) {
    Result<Program> next = with_fix(fixed, fix);
    if (!next.ok()) return next.error();
    fixed = std::move(*next);
  }
  return fixed;
}

Result<FixCheck> check_fixes(const TraceStream& trace, const std::vector<std::string>& fixes, const PredictTraceOptions& options) {
  std::vector<Diagnostic> diagnostics;
  const Result<Program> fixed = with_fixes(program_of(trace, diagnostics), fixes);
  if (!fixed.ok()) return fixed.error();
  FixCheck result;
  result.before = predict(trace, options);
  result.after = predict(execute(*fixed), options);
  compare(result);
  // The sections that deadlocked before, each alone: what lies around them was closed before and after.
  result.search = SearchEnd::kExhausted;
  for (const Prediction& prediction : result.before.deadlocks) {
    Program sections = prediction.program;
    for (const std::string& fix : fixes) {
      Result<Program> next = with_fix(sections, fix);
      if (next.ok()) sections = std::move(*next);  // else it is about a step elsewhere
    }
    FixCheck one;
    search(sections, options.predict.explore, one);
    result.states += one.states;
    result.threads_asked = std::max(result.threads_asked, std::uint64_t{sections.threads.size()});
    if (one.search != SearchEnd::kExhausted) result.search = one.search;
  }
  result.bound = result.before.deadlocks.empty() ? "nothing was searched: there was no deadlock before"
                                                 : "every interleaving" + preemptions_allowed(options.predict.explore) + " of the " + std::to_string(result.before.deadlocks.size()) +
                                                       " groups of sections that deadlocked (" + std::to_string(result.states) +
                                                       " states), not of the whole trace";
  conclude(result);
  if (result.verdict == FixVerdict::kFixed) result.verdict = FixVerdict::kBounded;  // a trace is one run of many
  return result;
}

}  // namespace tailback::replay
