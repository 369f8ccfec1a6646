// The whole way from a hostile log to its reports: read, analysed, told as JSON that parses and as text that moves no cursor.
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyze/analysis.h"
#include "analyze/report/json.h"
#include "analyze/report/text.h"
#include "replay/sources/read.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tailback::fuzz::require;
  using namespace tailback;
  replay::ReadOptions options;
  options.maximum_bytes = 1 << 20;
  RecordingCollector collector;
  (void)replay::read_text({reinterpret_cast<const char*>(data), size}, options, collector);
  std::vector<Recording> recordings = collector.take();
  if (recordings.empty()) return 0;
  analyze::AnalyzeOptions analysis;
  analysis.source_from_paths = false;  // the text must not choose files of this machine
  analysis.group_by = static_cast<analyze::GroupBy>(data[size / 2] % 4);
  std::vector<analyze::Analysis> analyses;
  for (Recording& recording : recordings) analyses.push_back(analyze::analyze(recording, analysis));
  std::vector<analyze::ReportPart> parts;
  for (std::size_t i = 0; i < recordings.size(); ++i) parts.push_back({recordings[i], analyses[i]});
  analyze::TextOptions told;
  told.width = 40 + data[0] % 160;
  told.dumps = {analyze::DumpChoice::Kind::kAll, 0};
  require(!nlohmann::json::parse(analyze::json_report(parts, told), nullptr, false).is_discarded(), "the JSON report is JSON");
  for (const char c : analyze::text_report(parts, told)) require(c == '\n' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f), "a character that moves the cursor");
  return 0;
}
