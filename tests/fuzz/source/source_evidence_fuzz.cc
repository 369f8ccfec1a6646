// Feeds bytes to the reader of source evidence, as each of its languages: no crash, no hang, and lines that exist.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "analyze/classify/source_evidence.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback::analyze;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
  for (const SourceLanguage language : {SourceLanguage::kGo, SourceLanguage::kCpp, SourceLanguage::kJava, SourceLanguage::kPython}) {
    // A few places of the text, chosen by its own bytes.
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::uint32_t line = 1 + (size > i ? data[i] * (i + 1) : i) % lines;
      const SourceEvidence evidence = held_at(text, language, line, i % 2 == 0 ? "lock" : "main.(*Set[...]).Size");
      for (const SourceHold& hold : evidence.held) {
        if (hold.lock.empty() || hold.line == 0 || hold.line > lines) {
          std::fprintf(stderr, "broken: a hold on line %u of %u\n", hold.line, lines);
          std::abort();
        }
      }
    }
  }
  return 0;
}
