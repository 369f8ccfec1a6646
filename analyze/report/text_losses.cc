#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "analyze/report/text_sections.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

void print_absent_stacks(Page& page, const TextContext& context) {
  const Recording& recording = context.part.recording;
  for (const std::size_t shown : context.shown) {
    const Dump& dump = recording.dumps[context.part.analysis.dumps[shown].dump];
    const std::string which = recording.dumps.size() > 1 ? fmt::format(" in dump {}", dump.id) : "";
    for (const AbsentStacks& absent : absent_stacks(recording, dump)) {
      page.paragraph("", 2, fmt::format("{}{} {}: {}", counted(absent.threads, thread_word(recording.info.runtime), threads_word(recording.info.runtime)),
                                        which, absent.partial ? "with a stack that ends early" : "without a stack", absent.reason));
    }
    if (dump.threads_missed != 0) {
      page.line(fmt::format("  {}{} known to exist, not captured", counted(dump.threads_missed, thread_word(recording.info.runtime), threads_word(recording.info.runtime)), which));
    }
  }
}

/// Diagnostics of one reason are one line, with the first place.
void print_diagnostics(Page& page, const Recording& recording) {
  struct Kind {
    std::uint64_t count = 0;
    std::uint64_t first_line = 0;
    Severity severity = Severity::kInformation;
  };
  std::map<std::string, Kind> by_reason;
  for (const Diagnostic& diagnostic : recording.diagnostics) {
    Kind& kind = by_reason[diagnostic.reason];
    kind.count += diagnostic.count;
    kind.severity = std::max(kind.severity, diagnostic.severity);
    if (diagnostic.line != 0 && (kind.first_line == 0 || diagnostic.line < kind.first_line)) kind.first_line = diagnostic.line;
  }
  constexpr std::size_t kMost = 8;
  std::size_t shown = 0;
  for (const auto& [reason, kind] : by_reason) {
    if (kind.severity == Severity::kInformation) continue;
    if (++shown > kMost) continue;
    const std::string times = kind.count > 1 ? fmt::format(" ({} times)", with_separators(kind.count)) : "";
    const std::string place = kind.first_line ? fmt::format("line {}: ", kind.first_line) : "";
    page.paragraph("", 2, place + reason + times);
  }
  if (shown > kMost) page.line(fmt::format("  … and {} more reasons (--format json lists them)", shown - kMost));
}

constexpr std::string_view kNoDump = "no_dump.";

/// Counters that tell of something that is not there; others tell what is.
bool tells_of_a_loss(std::string_view name) {
  constexpr std::array<std::string_view, 11> kWords{"lost", "no_dump", "dropped", "late", "failed", "missed", "not_stored", "thrown", "error", "overdue", "skipped"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

void print_counters(Page& page, const Recording& recording) {
  std::string not_dumped;
  for (const auto& [name, count] : recording.counters) {
    if (count == 0 || !tells_of_a_loss(name)) continue;
    if (name.starts_with(kNoDump)) {
      not_dumped += (not_dumped.empty() ? "" : ", ") + with_separators(count) + " " + metric_words(name.substr(kNoDump.size()));
    } else {
      page.line(fmt::format("  {}: {}", metric_words(name), with_separators(count)));
    }
  }
  if (!not_dumped.empty()) page.paragraph("", 2, "samples beyond a trigger that gave no dump, by reason: " + not_dumped);
}

bool nothing_lost(const TextContext& context) {
  const Recording& recording = context.part.recording;
  for (const std::size_t shown : context.shown) {
    const Dump& dump = recording.dumps[context.part.analysis.dumps[shown].dump];
    if (dump.threads_missed != 0 || !absent_stacks(recording, dump).empty()) return false;
  }
  const bool counted_any = std::any_of(recording.counters.begin(), recording.counters.end(), [](const auto& counter) { return counter.second != 0 && tells_of_a_loss(counter.first); });
  const bool diagnosed = std::any_of(recording.diagnostics.begin(), recording.diagnostics.end(),
                                     [](const Diagnostic& diagnostic) { return diagnostic.severity != Severity::kInformation; });
  return !counted_any && !diagnosed;
}

}  // namespace

void print_losses(Page& page, const TextContext& context) {
  if (nothing_lost(context)) return;
  page.blank();
  page.line("NOT ON RECORD", Style::kBold);
  print_absent_stacks(page, context);
  print_diagnostics(page, context.part.recording);
  print_counters(page, context.part.recording);
}

}  // namespace tailback::analyze
