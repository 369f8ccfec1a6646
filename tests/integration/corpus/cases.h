// The cases of tests/corpus: folders with inputs, what `tailback analyze` says of them, and what is true of them.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace tailback::testing {

struct CorpusCase {
  std::string name;                           ///< "go_incident_log"
  std::filesystem::path folder;
  std::vector<std::string> inputs;            ///< file names in the folder: input.* or FORMAT.in, in alphabetical order

  [[nodiscard]] std::filesystem::path report() const { return folder / "report.json"; }
  [[nodiscard]] std::filesystem::path truth() const { return folder / "truth.json"; }
  [[nodiscard]] std::filesystem::path source() const { return folder / "source"; }  ///< of the program; absent: the dump is read without
};

/// For GoogleTest, which would print the bytes.
void PrintTo(const CorpusCase& corpus_case, std::ostream* out);

/// All, by name.
[[nodiscard]] std::vector<CorpusCase> corpus_cases();

}  // namespace tailback::testing
