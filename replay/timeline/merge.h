// Several inputs as one recording: metrics of one file beside the dumps of another, dumps of one process that were saved as a file each.
//
// Events are put in time order; those without a time keep the order of the inputs. Dumps are numbered anew, from 1, when ids would clash.
#pragma once

#include <vector>

#include "runtime/incident/model.h"

namespace tailback::replay {

/// Appends everything of `from` to `into`.
void merge_into(Recording& into, const Recording& from);

/// Recordings that hold samples but no dump go into those with dumps whose time they overlap by more than nothing, or into
/// the only one there is. One that fits nowhere stays as it is.
[[nodiscard]] std::vector<Recording> merge_metrics(std::vector<Recording> recordings);

/// All of them as one, named after the first with a dump. Not empty.
[[nodiscard]] Recording merge_all(std::vector<Recording> recordings);

}  // namespace tailback::replay
