// The STD text trace format, which published race and deadlock predictors read: one event a line, `THREAD|OPERATION(OPERAND)|PLACE`.
//
//   T0|fork(T1)|12
//   T1|acq(L3)|104
//   T1|rel(L3)|105
//
// Operations: acq rel fork join begin end req; rdacq, rdrel (shared; an extension of ours); wait, notify, notifyAll.
// r and w (accesses to variables) are passed over: they order threads through data, which a prediction then does not know of, so that a
// diagnostic says how many there were. wait(C) gives up the lock taken last.
#pragma once

#include <string_view>

#include "replay/schedule/trace.h"
#include <tailback/result.h>

namespace tailback::replay {

[[nodiscard]] Result<Trace> parse_std_trace(std::string_view text, std::string_view file);

[[nodiscard]] bool looks_like_std_trace(std::string_view text);

}  // namespace tailback::replay
