// What the text reports of `tailback replay locks` share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyze/report/locks_report.h"
#include "analyze/report/page.h"

namespace tailback::analyze {

inline constexpr std::size_t kLabelColumn = 9;

/// The input's line, `what` is told of it, and what was wrong with it.
void print_locks_head(Page& page, const LocksInput& input, std::string_view what);

/// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string>& parts);

}  // namespace tailback::analyze
