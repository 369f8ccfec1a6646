// What is true of a dump, kept apart from what tailback says of it: a regenerated report can't talk a wrong answer into being right.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/corpus/report_json.h"

namespace tailback::testing {

/// Where `report` is against `truth` (tests/corpus/README.md tells its keys), a sentence each; empty: nowhere.
[[nodiscard]] std::vector<std::string> untruths(const Report& truth, const Report& report);

}  // namespace tailback::testing
