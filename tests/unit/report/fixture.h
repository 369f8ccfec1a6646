// The modelled incident in miniature, as the analyzer sees it: three dumps, samples every ten seconds, one finding.
// Built by hand, so that what the reports say is tested apart from what sources and rules find.
#pragma once

#include "analyze/analysis.h"

namespace tailback::analyze::testing {

struct Incident {
  Recording recording;
  Analysis analysis;
};

/// Dump ids 1 … 3; `writers` of the last dump wait in AddOne, a third and two thirds of them in the dumps before.
[[nodiscard]] Incident make_incident(std::uint32_t writers = 90);

/// Sixty threads that read from the network, one dump, no finding.
[[nodiscard]] Incident make_healthy();

/// A stack from "function file:line" words, innermost first.
[[nodiscard]] StackId make_stack(StackTable& table, const std::vector<std::string>& frames);

}  // namespace tailback::analyze::testing
