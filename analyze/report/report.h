// What a report is made of: recordings with their analyses, and which part of them is to be shown.
//
// The writers (json.h, text.h) are pure functions of this: no clock, no terminal, no process.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analyze/analysis.h"
#include "analyze/report/lock_ids.h"

namespace tailback::analyze {

/// Which dumps a report shows in detail. Findings always come from all that were analysed.
struct DumpChoice {
  enum class Kind : std::uint8_t {
    kTop,   ///< the dump that the first finding is about; the last one without findings
    kLast,
    kAll,
    kId,
  };
  Kind kind = Kind::kTop;
  std::int64_t id = 0;  ///< of kId
};

struct ReportOptions {
  DumpChoice dumps;
  std::size_t top = 0;  ///< groups shown of each dump; 0: all (json), as many as help (text)
};

/// One recording, ready to be written about.
struct ReportPart {
  const Recording& recording;
  const Analysis& analysis;
};

/// Which of several recordings a report is mainly about: the one with the gravest finding; of equals the one whose finding blocks most.
[[nodiscard]] std::size_t main_part(std::span<const ReportPart> parts);

/// Indices into Analysis::dumps, in time order.
[[nodiscard]] std::vector<std::size_t> chosen_dumps(const ReportPart& part, const DumpChoice& choice);

/// Threads of a dump without a whole stack, by reason.
struct AbsentStacks {
  std::string reason;
  std::uint64_t threads = 0;
  bool partial = false;  ///< the stack ends early, rather than missing
};
[[nodiscard]] std::vector<AbsentStacks> absent_stacks(const Recording& recording, const Dump& dump);

}  // namespace tailback::analyze
