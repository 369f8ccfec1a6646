// The text report: what a tired operator reads at 3 a.m. The first lines say what is wrong, the rest why, and from what it is known.
#pragma once

#include <span>
#include <string>

#include "analyze/report/report.h"

namespace tailback::analyze {

struct TextOptions : ReportOptions {
  std::size_t width = 80;
  bool colour = false;
};

[[nodiscard]] std::string text_report(std::span<const ReportPart> parts, const TextOptions& options);

}  // namespace tailback::analyze
