// Any bytes as a name in a report: JSON that gives valid text back as it was, text for a terminal that has the width asked for.
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "analyze/report/json_parts.h"
#include "analyze/report/page.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tailback::fuzz::require;
  using namespace tailback::analyze;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const nlohmann::json read = nlohmann::json::parse(json_text(bytes), nullptr, false);
  require(read.is_string(), "a JSON string");
  // What json_text() had to mend is valid, and stays as it is from then on.
  const std::string once = read.get<std::string>();
  require(nlohmann::json::parse(json_text(once), nullptr, false) == read, "text that comes back as it was");

  for (const char c : harmless(bytes)) require(static_cast<unsigned char>(c) >= ' ' && c != 0x7f, "a character that moves the cursor");
  const std::string shown = harmless(once);
  const std::size_t width = 1 + (size == 0 ? 0 : data[0] % 100);
  require(display_width(cut(shown, width)) <= width, "cut to the width");
  require(display_width(cut_front(shown, width)) <= width, "cut to the width in front");
  if (display_width(shown) <= width) require(display_width(padded(shown, width)) == width && display_width(padded_left(shown, width)) == width, "padded to the width");
  Page page(width, false);
  page.paragraph("Why", 9, bytes);
  page.table(2, {{Cell{shown}, Cell{std::string(bytes)}}, {Cell{std::string(bytes)}}});
  require(page.take().ends_with('\n'), "whole lines");
  return 0;
}
