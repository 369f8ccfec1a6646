#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "analyze/report/locks_report.h"
#include "analyze/report/page.h"
#include "analyze/words/format.h"

namespace tailback::analyze {

using namespace tailback::replay;

namespace {

constexpr std::size_t kThreadColumns = 5;  // the rest shares one
constexpr std::size_t kLabelColumn = 9;

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWaits:
      return "waits";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kSleeps:
      return "sleeps";
    case Outcome::kWoke:
      return "wakes by itself";
    case Outcome::kLost:
      return "nobody there";
    default:
      return "";
  }
}

std::string step_text(const Program& program, const Step& step, const Happened& happened) {
  std::string text = to_string(program, step, false);
  if (const std::string_view outcome = outcome_text(happened.outcome); !outcome.empty()) text += fmt::format(" ({})", outcome);
  if (step.site != 0) text += "  " + program.sites[step.site];
  if (step.assumed) text += "  (assumed)";
  return text;
}

/// What a granted wait says in its thread's column.
std::string cell_text(const Story& story, const Happened& happened, bool waited) {
  const Step& step = story.model->thread_of(happened.instance).steps[happened.step];
  if (waited && happened.outcome == Outcome::kAcquired) return "… granted " + story.program->locks[step.kind == StepKind::kWait ? step.other : step.lock].name;
  return step_text(*story.program, step, happened);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string views_text(const Program& program, const std::vector<LockView>& views) {
  std::string text;
  for (const LockView& view : views) {
    if (!text.empty()) text += "; ";
    text += program.locks[view.lock].name + ": " + (view.holders.empty() ? "free" : joined(view.holders));
    if (!view.waiting.empty()) text += " | waits: " + joined(view.waiting);
  }
  return text;
}

void head(Page& page, const LocksInput& input, std::string_view what) {
  page.add(input.file, Style::kBold);
  page.add(fmt::format(" · {} · {}, {}", input.kind, counted(input.threads, "thread", "threads"), counted(input.locks, "lock", "locks")));
  if (input.events > 0) page.add(fmt::format(", {}", counted(input.events, "event", "events")));
  page.add(fmt::format(" · {}", what));
  page.end_line();
  for (const Diagnostic& diagnostic : input.diagnostics) {
    page.line(fmt::format("  {} ({})", diagnostic.reason, counted(diagnostic.count, "time", "times")), Style::kDim);
  }
  page.blank();
}

std::string_view kind_text(StoryKind kind) {
  switch (kind) {
    case StoryKind::kRecorded:
      return "as recorded";
    case StoryKind::kShortest:
      return "shortest way into a deadlock";
    case StoryKind::kExample:
      break;
  }
  return "an order in which all finish";
}

/// The table's rows, and for each the locks after it.
struct StoryTable {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> locks;
};

StoryTable table_of(const Story& story, std::size_t first) {
  std::map<std::uint32_t, std::size_t> columns;  // instance → column
  std::vector<std::string> names;
  for (std::size_t i = first; i < story.way.size(); ++i) {
    const std::uint32_t instance = story.way[i].instance;
    if (columns.size() >= kThreadColumns || columns.contains(instance)) continue;
    columns.emplace(instance, names.size());
    names.push_back(story.model->name(instance));
  }
  const bool others = std::any_of(story.way.begin() + static_cast<std::ptrdiff_t>(first), story.way.end(), [&](const Happened& step) { return !columns.contains(step.instance); });
  if (others) names.push_back("others");
  StoryTable table;
  std::vector<std::vector<Cell>>& rows = table.rows;
  rows.resize(1);
  rows[0].push_back({"step", Style::kDim, true});
  rows[0].push_back({"", Style::kPlain});
  for (const std::string& name : names) rows[0].push_back({name, Style::kBold});
  table.locks.push_back("locks after it");
  std::vector<bool> waited(story.model->instances().size(), false);
  walk(story, [&](std::size_t step, const std::vector<LockView>& views) {
    const Happened& happened = story.way[step];
    const bool granted = waited[happened.instance];
    waited[happened.instance] = happened.outcome == Outcome::kWaits || happened.outcome == Outcome::kSleeps || (granted && happened.outcome == Outcome::kWoke);
    if (step < first) return;
    std::vector<Cell> row;
    row.push_back({std::to_string(step + 1), Style::kDim, true});
    const bool no_return = story.no_return == step, caught = !story.stuck.empty() && story.deadlock_at == step;
    row.push_back({caught ? "deadlock" : no_return ? "no return" : "", Style::kAlarm});
    const auto column = columns.find(happened.instance);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool own = column == columns.end() ? others && i + 1 == names.size() : i == column->second;
      std::string text = own ? cell_text(story, happened, granted) : "";
      if (own && column == columns.end()) text = story.model->name(happened.instance) + ": " + text;
      row.push_back({text, happened.outcome == Outcome::kWaits ? Style::kWarning : Style::kPlain});
    }
    rows.push_back(std::move(row));
    table.locks.push_back(views_text(*story.program, views));
  });
  return table;
}

std::size_t width_of(const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text) + 2);
  }
  return std::accumulate(widths.begin(), widths.end(), std::size_t{2});
}

/// Beside the steps where the page is wide enough, below them where it is not.
void story_rows(Page& page, const Story& story, std::size_t first) {
  StoryTable table = table_of(story, first);
  const std::size_t steps_width = width_of(table.rows);
  std::size_t locks_width = 0;
  for (const std::string& locks : table.locks) locks_width = std::max(locks_width, display_width(locks));
  const bool beside = steps_width + locks_width <= page.width();
  for (std::size_t i = 0; i < table.rows.size() && beside; ++i) table.rows[i].push_back({table.locks[i], Style::kDim});
  page.table(2, table.rows);
  page.blank();
  if (beside) return;
  page.line("  locks after each step", Style::kDim);
  for (std::size_t i = 1; i < table.locks.size(); ++i) page.paragraph(padded_left(std::to_string(first + i), 6), kLabelColumn, table.locks[i], Style::kDim);
  page.blank();
}

void conclusion(Page& page, const Story& story) {
  if (story.stuck.empty()) {
    if (story.kind == StoryKind::kRecorded) {
      page.line("  Nobody was stuck at the end of what was recorded.");
    } else if (!story.bound.empty()) {
      page.line("  No deadlock was found within " + story.bound + "; beyond that nothing is known.", Style::kWarning);
    } else {
      page.line("  No interleaving of these threads ends in a deadlock: all were searched.", Style::kGood);
    }
    return;
  }
  std::vector<std::string> names;
  for (const std::uint32_t instance : story.stuck) {
    if (names.size() < 6) names.push_back(story.model->name(instance));
  }
  if (story.stuck.size() > names.size()) names.push_back(fmt::format("{} more", story.stuck.size() - names.size()));
  page.paragraph("Stuck", kLabelColumn, joined(names), Style::kAlarm);
  if (story.no_return) {
    page.paragraph("From", kLabelColumn,
                   fmt::format("step {} on not every thread can finish, whatever the others do; the deadlock is there at step {}.", *story.no_return + 1,
                               story.deadlock_at + 1));
  } else if (!story.no_return_known) {
    page.paragraph("From", kLabelColumn, "which step on it could not be avoided was not decided within the limit.");
  }
  if (story.divergences > 0) {
    page.paragraph("Note", kLabelColumn, fmt::format("{} as recorded did not fit the model and were left out.", counted(story.divergences, "move", "moves")));
  }
}

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

std::string way_text(const Program& program, const std::vector<Happened>& way) {
  const Model model(program);
  std::string text;
  for (const Happened& happened : way) {
    if (!text.empty()) text += " · ";
    text += model.name(happened.instance) + " " + to_string(program, model.thread_of(happened.instance).steps[happened.step], false);
    if (const std::string_view outcome = outcome_text(happened.outcome); !outcome.empty()) text += fmt::format(" ({})", outcome);
  }
  return text;
}

std::string story_text(const LocksInput& input, const Story& story, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  head(page, input, kind_text(story.kind));
  const std::size_t first = options.rows != 0 && story.way.size() > options.rows ? story.way.size() - options.rows : 0;
  if (first > 0) page.line(fmt::format("  the last {} of {} steps (--rows 0 shows all)", options.rows, story.way.size()), Style::kDim);
  story_rows(page, story, first);
  conclusion(page, story);
  return page.take();
}

std::string explain_text(const LocksInput& input, const Story& story, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  head(page, input, kind_text(story.kind));
  if (!story.stuck.empty()) {
    page.paragraph("Way", kLabelColumn, counted(story.way.size(), "step", "steps") + ": " + way_text(*story.program, story.way));
    page.blank();
    story_rows(page, story, 0);
  }
  conclusion(page, story);
  return page.take();
}

std::string predict_text(const LocksInput& input, const PredictReport& report, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  head(page, input, "deadlocks of other orders");
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
  head(page, input, "with " + joined(fixes));
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
