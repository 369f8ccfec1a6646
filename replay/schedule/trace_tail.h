// The last events of a trace in memory, as if it had begun there: for what needs all of an interleaving at once (the table, the
// shortest way, a fix's effect), where the whole trace would not fit.
//
// What the threads held, waited for or slept on at the cut comes first, in the order in which they came to it; so nothing of the tail hangs in the air.
//
// Memory: 24 bytes an event kept, and the state of each thread. Thread safety: pure function.
#pragma once

#include <cstdint>

#include "replay/schedule/trace.h"

namespace tailback::replay {

/// All but the first `skipped` events, which become holds, requests and waits.
[[nodiscard]] Trace tail_of(const TraceStream& trace, std::uint64_t skipped);

}  // namespace tailback::replay
