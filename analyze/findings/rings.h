// The three shapes of a ring in the wait-for graph.
#pragma once

#include "analyze/findings/case.h"

namespace tailback::analyze {

enum class RingShape : std::uint8_t {
  kOneThread,        ///< waits for what it holds itself
  kReadBehindWriter, ///< one lock: a reader reads again behind a writer that waits for it
  kOther,
};

[[nodiscard]] inline RingShape shape_of(const Ring& ring) {
  if (ring.size() == 1) return RingShape::kOneThread;
  if (ring.size() == 2 && ring[0].lock == ring[1].lock && (ring[0].hold == nullptr) != (ring[1].hold == nullptr)) return RingShape::kReadBehindWriter;
  return RingShape::kOther;
}

}  // namespace tailback::analyze
