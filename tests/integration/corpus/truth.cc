#include "tests/integration/corpus/truth.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tailback::testing {
namespace {

constexpr std::array<std::string_view, 3> kConfidences{"possible", "likely", "certain"};

std::size_t strength(const std::string& confidence) {
  return static_cast<std::size_t>(std::find(kConfidences.begin(), kConfidences.end(), confidence) - kConfidences.begin());
}

std::vector<std::string> texts(const Report& truth, const char* key) {
  if (!truth.contains(key)) return {};
  return truth[key].is_string() ? std::vector{truth[key].get<std::string>()} : truth[key].get<std::vector<std::string>>();
}

/// Either may be printed with more of its package or receiver.
bool same_function(const std::string& a, const std::string& b) {
  const auto holds = [](const std::string& longer, const std::string& part) { return part.size() > 3 && longer.find(part) != std::string::npos; };
  return holds(a, b) || holds(b, a);
}

bool any_of(const std::vector<std::string>& true_names, const std::vector<std::string>& said) {
  return std::any_of(true_names.begin(), true_names.end(), [&](const std::string& name) {
    return std::any_of(said.begin(), said.end(), [&](const std::string& other) { return same_function(name, other); });
  });
}

/// The report's recordings: the main one and the others.
std::vector<const Report*> parts_of(const Report& report) {
  std::vector<const Report*> parts{&report};
  if (report.contains("others")) {
    for (const Report& other : report["others"]) parts.push_back(&other);
  }
  return parts;
}

class Check {
 public:
  Check(const Report& truth, const Report& report) : truth_(truth), report_(report) {}

  std::vector<std::string> run() {
    counts();
    const std::vector<std::string> kinds = texts(truth_, "kind");
    if (truth_.value("no_deadlock", false) || kinds == std::vector<std::string>{"none"}) no_deadlock();
    if (!kinds.empty() && kinds.front() != "none") finding(kinds);
    return std::move(wrong_);
  }

 private:
  void counts() {
    std::uint64_t threads = 0, largest = 0;
    for (const Report* part : parts_of(report_)) {
      for (const Report& dump : (*part)["dumps"]) {
        threads = std::max(threads, dump["threads"].get<std::uint64_t>());
        for (const Report& group : dump["groups"]) largest = std::max(largest, group["count"].get<std::uint64_t>());
      }
    }
    count("threads", threads);
    count("largest_group", largest);
  }

  void count(const char* key, std::uint64_t got) {
    if (truth_.contains(key) && truth_[key] != got) wrong_.push_back(std::string(key) + " is " + truth_[key].dump() + ", the report says " + std::to_string(got));
  }

  void no_deadlock() {
    for (const Report* part : parts_of(report_)) {
      for (const Report& finding : (*part)["findings"]) {
        if (finding["severity"] == "deadlock") wrong_.push_back("there is no deadlock, the report says " + finding["title"].dump());
      }
    }
  }

  /// Of the gravest three findings, one must be of a right kind and name the right frames, none more surely than the text supports.
  void finding(const std::vector<std::string>& kinds) {
    const Report& findings = report_["findings"];
    if (findings.empty() && truth_.value("unsure", false)) return;
    const auto end = findings.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(findings.size(), 3));
    const auto right = std::find_if(findings.begin(), end, [&](const Report& f) { return std::find(kinds.begin(), kinds.end(), f["kind"]) != kinds.end(); });
    if (right == end) {
      wrong_.push_back("the kind is " + truth_["kind"].dump() + ", the report says " + (findings.empty() ? "nothing" : findings[0]["kind"].dump()));
      return;
    }
    const auto [waiting, holding] = frames_of(*right);
    frames("waiting", waiting);
    frames("holder", holding);
    const std::string confidence = (*right)["confidence"];
    if (strength(confidence) > strength(truth_.value("max_confidence", "certain"))) {
      wrong_.push_back("the text supports no more than " + truth_["max_confidence"].dump() + ", the report says " + confidence);
    }
    if (truth_.value("holder_unknown", false) && confidence == "certain" && !holding.empty()) wrong_.push_back("the text can't tell who holds the lock, the report is certain of it");
  }

  /// The functions that a finding says to wait, and to hold.
  [[nodiscard]] std::pair<std::vector<std::string>, std::vector<std::string>> frames_of(const Report& finding) const {
    std::vector<std::string> waiting, holding;
    for (const Report& link : finding["chain"]) {
      for (const char* key : {"wait_function", "function"}) {
        if (link[key].is_string()) waiting.push_back(link[key]);
      }
      if (link["holds"].is_string() && link["holds"] != "") holding.push_back(link["function"]);
    }
    for (const Report& lock : report_["locks"]) {
      if (std::find(finding["locks"].begin(), finding["locks"].end(), lock["id"]) == finding["locks"].end()) continue;
      for (const Report& hold : lock["holds"]) holding.push_back(hold["function"]);
    }
    return {waiting, holding};
  }

  void frames(const char* key, const std::vector<std::string>& said) {
    const std::vector<std::string> names = texts(truth_, key);
    if (!names.empty() && !any_of(names, said)) wrong_.push_back(std::string(key) + " is " + truth_[key].dump() + ", the report says " + Report(said).dump());
  }

  const Report& truth_;
  const Report& report_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> untruths(const Report& truth, const Report& report) { return Check(truth, report).run(); }

}  // namespace tailback::testing
