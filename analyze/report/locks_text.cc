#include <fmt/core.h>

#include "analyze/report/locks_page.h"
#include "analyze/words/format.h"

namespace tailback::analyze {

using namespace tailback::replay;

namespace {

std::string mode_word(LockMode mode) { return mode == LockMode::kShared ? "read" : "write"; }

void ring_lines(Page& page, const Prediction& prediction) {
  std::vector<std::vector<Cell>> rows;
  for (const RingMember& member : prediction.ring) {
    for (const RingMember::Held& held : member.held) {
      rows.push_back({{rows.empty() || &held != &member.held.front() ? "" : "", Style::kPlain},
                      {&held == &member.held.front() ? member.thread : "", Style::kBold},
                      {"holds"},
                      {mode_word(held.mode)},
                      {held.lock},
                      {held.place, Style::kDim}});
    }
    std::string behind = member.blocking == Blocking::kWaitingWriter ? "← behind the queued writer" : "";
    if (member.others > 0) behind += fmt::format("{}and {} like it", behind.empty() ? "" : "; ", with_separators(member.others));
    rows.push_back({{""}, {member.held.empty() ? member.thread : "", Style::kBold}, {"waits"}, {mode_word(member.mode)}, {member.lock}, {member.place + (behind.empty() ? "" : "  " + behind), Style::kDim}});
  }
  page.table(2, rows);
}

void deadlock(Page& page, const Prediction& prediction) {
  page.add(prediction.may ? "MAY DEADLOCK" : prediction.lost_signal ? "LOST SIGNAL" : "DEADLOCK", Style::kAlarm);
  page.add("  " + std::string(prediction.lost_signal ? "a wait that nobody is left to notify" : prediction.ring.size() == 1 ? "one thread waits for itself"
                                                                                              : fmt::format("a ring of {} threads", prediction.ring.size())));
  page.end_line();
  ring_lines(page, prediction);
  if (!prediction.needs.empty()) {
    page.paragraph("Needs", kLabelColumn, prediction.needs + "; writers seen: " + (prediction.writers.empty() ? "none" : joined(prediction.writers)));
  }
  if (prediction.may) page.paragraph("May", kLabelColumn, "the lock's policy is not known or promises nothing: --policy LOCK=… decides it");
  page.paragraph("Way", kLabelColumn, counted(prediction.way.size(), "step", "steps") + ": " + way_text(prediction.program, prediction.way));
  if (prediction.trace_events > 0) {
    page.paragraph("Proof", kLabelColumn, fmt::format("{} of the trace, reordered, were replayed up to it", counted(prediction.trace_events, "event", "events")));
  }
  page.blank();
}

void others(Page& page, const std::vector<Prediction>& predictions, std::string_view title) {
  for (const Prediction& prediction : predictions) {
    page.add(title, Style::kWarning);
    page.add("  " + prediction.reason);
    page.end_line();
    ring_lines(page, prediction);
    if (!prediction.needs.empty()) {
      page.paragraph("Needs", kLabelColumn, prediction.needs + "; writers seen: " + (prediction.writers.empty() ? "none" : joined(prediction.writers)));
    }
    page.blank();
  }
}

void bounds(Page& page, const PredictReport& report) {
  for (const std::string& bound : report.bounds) page.paragraph("Bound", kLabelColumn, bound);
}

}  // namespace

std::string predict_text(const LocksInput& input, const PredictReport& report, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  print_locks_head(page, input, "deadlocks of other orders");
  for (const Prediction& prediction : report.deadlocks) deadlock(page, prediction);
  if (report.deadlocks.empty()) {
    page.line(report.bounds.empty() ? "No deadlock in any order that was looked at." : "No deadlock found; see the bounds.", Style::kGood);
    page.blank();
  }
  if (options.all) {
    others(page, report.hazards, "HAZARD");
    others(page, report.inversions, "INVERSION");
  } else {
    if (!report.hazards.empty()) {
      const Prediction& first = report.hazards.front();
      page.line(fmt::format("{} would deadlock with a writer that is not there: needs {}; writers seen: {} (--all)",
                            counted(report.hazards.size(), "place", "places"), first.needs, first.writers.empty() ? "none" : joined(first.writers)));
    }
    if (!report.inversions.empty()) {
      page.line(fmt::format("{} that can't deadlock, e.g. {} (--all)", counted(report.inversions.size(), "order inversion", "order inversions"), report.inversions.front().reason));
    }
  }
  bounds(page, report);
  return page.take();
}

std::string check_text(const LocksInput& input, const std::vector<std::string>& fixes, const FixCheck& check, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  print_locks_head(page, input, "with " + joined(fixes));
  struct Words {
    std::string_view word;
    Style style;
  };
  const Words words = [&]() -> Words {
    switch (check.verdict) {
      case FixVerdict::kFixed:
        return {"FIXED", Style::kGood};
      case FixVerdict::kBounded:
        return {"FIXED WITHIN THE BOUND", Style::kGood};
      case FixVerdict::kNotFixed:
        return {"NOT FIXED", Style::kAlarm};
      case FixVerdict::kNewDeadlock:
        return {"ANOTHER DEADLOCK", Style::kAlarm};
      case FixVerdict::kNothingToFix:
        break;
    }
    return {"NOTHING TO FIX", Style::kWarning};
  }();
  page.line(words.word, words.style);
  page.paragraph("Gone", kLabelColumn, fmt::format("{} of {}", check.gone.size(), counted(check.before.deadlocks.size(), "deadlock", "deadlocks")));
  page.paragraph("Left", kLabelColumn, std::to_string(check.remaining.size()));
  page.paragraph("New", kLabelColumn, std::to_string(check.fresh.size()));
  page.paragraph("Bound", kLabelColumn, check.bound);
  for (const std::string& bound : check.after.bounds) page.paragraph("", kLabelColumn, bound);
  page.blank();
  for (const std::size_t i : check.remaining) deadlock(page, check.after.deadlocks[i]);
  for (const std::size_t i : check.fresh) deadlock(page, check.after.deadlocks[i]);
  return page.take();
}

}  // namespace tailback::analyze
