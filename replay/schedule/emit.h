// From an interleaving of the model to a schedule that real threads obey (tailback/schedule.h).
//
// Only the order that the interleaving needs is kept: of steps on one lock, and only where one of them writes. A grant after waiting is no step of its own.
//
// Thread safety: pure functions of values.
#pragma once

#include "replay/schedule/story.h"
#include <tailback/schedule.h>

namespace tailback::replay {

/// Expects a deadlock if the story ends in one.
[[nodiscard]] schedule schedule_of(const Story& story);

/// The story of `fixed` when its threads move in the order of `story`, as far as they can, and then run to their ends: what the test of a fix expects.
[[nodiscard]] Story same_order(const Story& story, const Program& fixed);

}  // namespace tailback::replay
