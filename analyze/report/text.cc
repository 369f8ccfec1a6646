#include "analyze/report/text.h"

#include <fmt/core.h>

#include <algorithm>

#include "analyze/report/text_sections.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

/// "2020-02-11 09:31:30 – 09:58:31"; the second date only where it differs.
std::string time_span(const Recording& recording) {
  std::int64_t first = 0, last = 0;
  const auto include = [&](std::int64_t time) {
    if (time == 0) return;
    if (first == 0 || time < first) first = time;
    if (time > last) last = time;
  };
  for (const Dump& dump : recording.dumps) include(dump.wall_ns);
  if (!recording.samples.empty()) {
    include(recording.samples.front().wall_ns);
    include(recording.samples.back().wall_ns);
  }
  if (first == 0) return {};
  const std::string from = date_time_text(first), to = date_time_text(last);
  if (from == to) return from;
  return from + " – " + (from.substr(0, 10) == to.substr(0, 10) ? to.substr(11) : to);
}

std::string header(const Recording& recording) {
  const RecordingInfo& info = recording.info;
  std::string file = info.file.empty() || info.file == "-" ? std::string("standard input") : short_place(info.file);
  std::string text = file + " · " + std::string(info.runtime == Runtime::kUnknown ? std::string_view(info.source) : to_string(info.runtime));
  // The program, without its arguments.
  if (!info.command.empty()) text += fmt::format(" · {}", short_place(std::string_view(info.command).substr(0, info.command.find(' '))));
  if (info.pid != 0) text += fmt::format(" ({})", info.pid);
  text += " · " + counted(recording.dumps.size(), "dump", "dumps");
  if (!recording.samples.empty()) text += ", " + counted(recording.samples.size(), "sample", "samples");
  return text;
}

/// The longest queue of a lock that somebody can hold; null when nobody queues to speak of.
const LockInDump* longest_queue(const Recording& recording, const LockIds& locks) {
  constexpr std::uint64_t kToSpeakOf = 3;
  const LockInDump* longest = nullptr;
  for (const LockIds::Entry& entry : locks.entries()) {
    const LockInDump& seen = entry.latest();
    const std::uint64_t waiting = seen.waiting.total();
    if (waiting < kToSpeakOf || !can_be_held(recording.dumps[seen.dump].locks[seen.lock.index].kind)) continue;
    if (!longest || waiting > longest->waiting.total()) longest = &seen;
  }
  return longest;
}

void print_health(Page& page, const ReportPart& part, const LockIds& locks) {
  if (part.recording.dumps.empty()) {
    page.line("no dump: nothing is known of what the threads did", Style::kWarning);
    return;
  }
  // No finding is no proof of health while threads queue for a lock.
  if (const LockInDump* queue = longest_queue(part.recording, locks)) {
    page.add("NO FINDING", Style::kWarning);
    page.add(fmt::format("  but {} for {}: see LOCKS", counted(queue->waiting.total(), "thread waits", "threads wait"),
                         lock_label(part.recording, part.recording.dumps[queue->dump].locks[queue->lock.index])));
  } else {
    const bool said = std::any_of(part.recording.dumps.begin(), part.recording.dumps.end(), [](const Dump& dump) { return !dump.statements.empty(); });
    page.add(said ? "NO FINDING" : "HEALTHY", said ? Style::kWarning : Style::kGood).add(said ? "  but the source says more: see below" : "  no finding");
  }
  page.end_line();
  if (!part.analysis.not_evaluated.empty()) {
    page.line(fmt::format("  {} could not be evaluated for lack of data (--format json says which)",
                          counted(part.analysis.not_evaluated.size(), "rule", "rules")), Style::kDim);
  }
}

void print_part(Page& page, const ReportPart& part, const TextOptions& options) {
  const std::string head = header(part.recording), span = time_span(part.recording);
  const bool fits = display_width(head) + 3 + display_width(span) <= page.width();
  page.line(fits && !span.empty() ? head + " · " + span : head, Style::kBold);
  if (!fits) page.line("  " + span);
  page.blank();
  const std::vector<std::size_t> shown = chosen_dumps(part, options.dumps);
  std::vector<std::size_t> indices;
  for (const std::size_t dump : shown) indices.push_back(part.analysis.dumps[dump].dump);
  const LockIds locks(part.recording, part.analysis, indices);
  const TextContext context{part, options, locks, shown};
  if (part.analysis.findings.empty()) {
    print_health(page, part, locks);
  } else {
    print_findings(page, context);
  }
  print_statements(page, context);
  print_stacks(page, context);
  print_locks(page, context);
  print_metrics(page, context);
  print_losses(page, context);
}

}  // namespace

std::string text_report(std::span<const ReportPart> parts, const TextOptions& options) {
  Page page(options.width, options.colour);
  for (const ReportPart& part : parts) {
    if (&part != &parts.front()) {
      page.blank();
      std::string rule;
      for (std::size_t i = 0; i < options.width; ++i) rule += "─";
      page.line(rule, Style::kDim);
    }
    print_part(page, part, options);
  }
  return page.take();
}

}  // namespace tailback::analyze
