// Reports as files that people read: laid out for a line-by-line diff, compared by value, the first difference named.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace tailback::testing {

/// Keys keep the report's order.
using Report = nlohmann::ordered_json;

/// Folds lists of more than a few thread ids to their number, first, last and hash: 47,841 ids are no reading for anybody, and
/// any other id still shows. Nothing else of a report is touched.
void fold_thread_ids(Report& report);

/// One object or list a line where it fits into a line of 150 characters, else its members one below the other.
[[nodiscard]] std::string laid_out(const Report& report);

/// "$.findings[0].severity: expected "stall", got "deadlock"": the first place at which they differ; nothing where they don't.
[[nodiscard]] std::optional<std::string> first_difference(const Report& expected, const Report& got);

}  // namespace tailback::testing
