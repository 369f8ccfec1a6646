// The reports of `tailback replay`: the played events, the summary, other triggers, all thresholds; as text and as JSON (schema tailback.replay/1).
//
// Thread safety: pure functions of values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyze/report/page.h"
#include "replay/timeline/staircase.h"
#include "replay/timeline/summary.h"
#include "replay/timeline/timeline.h"
#include "replay/timeline/what_if.h"

namespace tailback::analyze {

/// What was asked of one recording; what was not asked is none.
struct TimelineReport {
  const Recording* recording = nullptr;
  bool events = false;
  std::optional<replay::WhatIf> what_if;
  std::vector<replay::Sweep> sweeps;
};

/// "09:44:42  dump 2  5,588 threads  5,524 main.(*HashSet).AddOne": the event in one line, without its end.
[[nodiscard]] std::string event_line(const Recording& recording, const replay::TimelineEntry& entry);

void summary_text(Page& page, const Recording& recording, const replay::Summary& summary);
void what_if_text(Page& page, const replay::WhatIf& what_if);
void sweep_text(Page& page, const replay::Sweep& sweep);

/// All that was asked, one recording after the other.
[[nodiscard]] std::string timeline_text(const std::vector<TimelineReport>& reports, std::size_t width, bool colour);
[[nodiscard]] std::string timeline_json(const std::vector<TimelineReport>& reports);

}  // namespace tailback::analyze
