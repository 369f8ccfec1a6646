// The comparison of two dumps as text, and as JSON (schema tailback.diff/1, REPORT.md).
#pragma once

#include <string>

#include "analyze/compare/diff.h"
#include "analyze/report/text.h"

namespace tailback::analyze {

[[nodiscard]] std::string diff_text(const Diff& diff, const TextOptions& options);
/// `top`: groups told; 0: all.
[[nodiscard]] std::string diff_json(const Diff& diff, std::size_t top);

}  // namespace tailback::analyze
