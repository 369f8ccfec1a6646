// A program run in the model in the order that was recorded.
//
// A trace's order is exact along every chain of cause and effect, but a request that nothing connects with the others' may stand earlier than it was made. So a request
// is made where it stands only if it has to wait there; else where it was granted; and one that never was granted, behind all the rest, where that makes it wait.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <functional>

#include "replay/schedule/model.h"

namespace tailback::replay {

/// `apply` makes the move in `position`. Returns how many turns the model did not allow at their place.
std::uint64_t follow_order(const Position& position, const std::function<void(const Move&)>& apply);

}  // namespace tailback::replay
