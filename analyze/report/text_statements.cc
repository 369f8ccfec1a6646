#include "analyze/report/text_sections.h"

namespace tailback::analyze {

void print_statements(Page& page, const TextContext& context) {
  const Recording& recording = context.part.recording;
  bool first = true;
  for (const std::size_t shown : context.shown) {
    for (const StringId statement : recording.dumps[context.part.analysis.dumps[shown].dump].statements) {
      if (first) {
        page.blank();
        page.line("SAID BY THE SOURCE", Style::kBold);
        first = false;
      }
      page.paragraph("", 2, std::string(recording.table.text(statement)));
    }
  }
}

}  // namespace tailback::analyze
