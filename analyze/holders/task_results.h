// Who makes the result that a thread waits for, where the stacks tell: a worker that runs a closure of the very function that waits.
//
//     FutureTask.get ← Catalogue.total                                                   waits
//     ReadLock.lock ← Catalogue.price ← Catalogue.lambda$total$0 ← FutureTask.run        makes it
#pragma once

#include <vector>

#include "analyze/classify/activity.h"
#include "runtime/incident/model.h"

namespace tailback::analyze {

/// Adds holds to `dump`: a result is the worker's until it is there.
void bind_task_results(Recording& recording, Dump& dump, const std::vector<Activity>& activities);

}  // namespace tailback::analyze
