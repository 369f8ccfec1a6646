// The sections of the text report, in the order in which they are printed. Each prints nothing when it has nothing to say.
#pragma once

#include "analyze/report/lock_ids.h"
#include "analyze/report/page.h"
#include "analyze/report/text.h"

namespace tailback::analyze {

/// What all sections look at.
struct TextContext {
  const ReportPart& part;
  const TextOptions& options;
  const LockIds& locks;
  const std::vector<std::size_t>& shown;  ///< indices into Analysis::dumps
};

void print_findings(Page& page, const TextContext& context);
/// Verdicts of the source's own: a runtime's "all goroutines are asleep", lockdep's "possible circular locking".
void print_statements(Page& page, const TextContext& context);
void print_stacks(Page& page, const TextContext& context);
void print_locks(Page& page, const TextContext& context);
void print_metrics(Page& page, const TextContext& context);
/// What was lost on the way: threads without a stack, lines not understood, samples and dumps not taken. Once, by reason.
void print_losses(Page& page, const TextContext& context);

}  // namespace tailback::analyze
