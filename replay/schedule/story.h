// One interleaving, told step by step: what each move did, what the locks look like after it, and from where on not every thread can finish.
//
// Thread safety: plain values; a Story owns its program.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replay/schedule/explorer.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

enum class StoryKind : std::uint8_t {
  kRecorded,   ///< the order that the input gives
  kShortest,   ///< the shortest way into a deadlock, found by search
  kExample,    ///< an order in which all finish; the input gives none and no deadlock was found
};

/// A lock as it stands after a step: "mu: held shared by refresher; waits: worker (exclusive)".
struct LockView {
  std::uint32_t lock = kNone;
  std::vector<std::string> holders, waiting;  ///< "refresher (shared)"; equal ones are counted: "worker (exclusive) x 47,840"
};

struct Story {
  StoryKind kind = StoryKind::kShortest;
  std::unique_ptr<Program> program;       ///< stays where it is: `model` refers to it
  std::unique_ptr<Model> model;
  std::vector<Happened> way;
  std::vector<std::uint32_t> stuck;       ///< instances that can never go on at the end
  std::optional<std::size_t> no_return;   ///< index into `way`: the first step after which not every thread can finish
  bool no_return_known = true;            ///< false: the limit came before the answer
  std::size_t deadlock_at = 0;            ///< index into `way`: the first step with somebody stuck; only where `stuck` is not empty
  std::size_t caught = 0;                 ///< shortest(): threads that were stuck at the end of the recorded order
  bool predicted = false;                 ///< did not happen in this run: another order of the same operations would end so
  std::uint64_t divergences = 0;          ///< recorded moves that the model does not allow at their place, left out
  std::string bound;                      ///< the search ended at a limit
};

struct StoryLimits {
  ExploreLimits explore;
  std::uint32_t threads = 8;              ///< of one line, when searching; more never make the way shorter
};

/// The recorded order, to its end: who is stuck there and since when. Without the point of no return.
[[nodiscard]] Story recorded(const Program& program);

/// The recorded order if the program has one, else the shortest way into a deadlock, else an order in which all finish.
[[nodiscard]] Story tell(const Program& program, const StoryLimits& limits = {});

/// The shortest way into a deadlock. Of a recorded order that ended in one: into that one, by its threads' last sections alone.
[[nodiscard]] Story shortest(const Program& program, const StoryLimits& limits = {});

/// The program cut down to the last outermost sections of the threads that are stuck at the end of the story.
[[nodiscard]] Program last_sections(const Story& story);

/// Calls visit(step, locks that anybody holds or waits for after it) for each step that is wanted. Cost: of one that is, the number of threads.
void walk(const Story& story, const std::function<bool(std::size_t step)>& wanted, const std::function<void(std::size_t step, const std::vector<LockView>&)>& visit);

}  // namespace tailback::replay
