// Go's goroutine profile as pprof's protobuf (goroutine.pb.gz, /debug/pprof/goroutine without debug=): stacks and counts.
//
// Also reads pprof files whose samples count threads, which is what tailback itself exports.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& go_pprof_format();

}  // namespace tailback::replay
