#include "tests/integration/corpus/cases.h"

#include <algorithm>
#include <cctype>
#include <ostream>

namespace tailback::testing {

namespace fs = std::filesystem;

void PrintTo(const CorpusCase& corpus_case, std::ostream* out) { *out << corpus_case.folder; }

std::vector<CorpusCase> corpus_cases() {
  std::vector<CorpusCase> cases;
  const fs::path corpus = fs::path(TAILBACK_TESTS_DIR) / "corpus";
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(corpus)) {
    if (!entry.is_directory()) continue;
    CorpusCase found{fs::relative(entry.path(), corpus).string(), entry.path(), {}};
    for (const fs::directory_entry& file : fs::directory_iterator(entry.path())) {
      const std::string name = file.path().filename().string();
      if (name.starts_with("input.") || name.ends_with(".in")) found.inputs.push_back(name);
    }
    if (found.inputs.empty()) continue;
    std::replace_if(found.name.begin(), found.name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    std::sort(found.inputs.begin(), found.inputs.end());
    cases.push_back(std::move(found));
  }
  std::sort(cases.begin(), cases.end(), [](const CorpusCase& a, const CorpusCase& b) { return a.name < b.name; });
  return cases;
}

}  // namespace tailback::testing
