// Metrics from Prometheus: the answer of its `query_range` (and `query`) as JSON, and the text page with time stamps.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& prometheus_json_format();
[[nodiscard]] const Format& prometheus_text_format();

}  // namespace tailback::replay
