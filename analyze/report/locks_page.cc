#include "analyze/report/locks_page.h"

#include <fmt/core.h>

#include "analyze/words/format.h"

namespace tailback::analyze {

void print_locks_head(Page& page, const LocksInput& input, std::string_view what) {
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

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace tailback::analyze
