// The board behind tailback::gauge() and tailback::counter().
#pragma once

#include <memory>

#include "runtime/metrics/gauge_board.h"

namespace tailback {

[[nodiscard]] std::shared_ptr<GaugeBoard> process_gauges();

}  // namespace tailback
