// The text form of a schedule.
//
//   tailback-schedule 1
//   expect deadlocks
//   step 1 refresher 1 rdlock HashSet.mu
//   step 2 "thread 7" 1 wrlock HashSet.mu waits after 1
//
// step ID THREAD NUMBER OPERATION LOCK [waits] [after ID ID …]. A name with blanks or quotes stands in quotes, with \" and \\ within. # begins a comment. A step
// may only come after steps above it, so there are no circles.
#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include <tailback/schedule.h>

#include "runtime/incident/incident_reader.h"
#include "runtime/incident/schedule_store.h"

namespace tailback {
namespace {

constexpr std::string_view kMagic = "tailback-schedule";
constexpr std::array<std::string_view, 10> kOperations{"lock", "rdlock", "wrlock", "trylock", "tryrdlock", "trywrlock", "unlock", "wait", "notify", "notify_all"};

/// The line's words; none where a quote is left open.
std::optional<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
      ++i;
      continue;
    }
    if (line[i] == '#') break;
    std::string word;
    if (line[i] == '"') {
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (line[i] == '\\' && i + 1 < line.size()) ++i;
        word += line[i];
      }
      if (i == line.size()) return std::nullopt;
      ++i;
    } else {
      while (i < line.size() && line[i] != ' ' && line[i] != '\t' && line[i] != '\r') word += line[i++];
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::string quoted(const std::string& name) {
  const bool plain = !name.empty() && name.find_first_of(" \t\r\n\"\\#") == std::string::npos;
  if (plain) return name;
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text + "\"";
}

std::optional<std::uint32_t> number(const std::string& word) {
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
  return failure == std::errc{} && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view name) : name_(name) {}

  Result<schedule> parse(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto words = words_of(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      ++line_;
      if (!words) return error("a quote is left open");
      if (words->empty()) continue;
      if (Result<void> done = line(*words); !done.ok()) return done.error();
    }
    if (!started_) return error("is no schedule: it begins with `tailback-schedule 1`");
    if (!expects_) return error("says not what it expects: `expect deadlocks` or `expect completes`");
    if (plan_.steps.empty()) return error("has no step");
    return std::move(plan_);
  }

 private:
  [[nodiscard]] Error error(std::string message) const { return {ErrorCode::kMalformed, std::move(message), std::string(name_) + ":" + std::to_string(line_)}; }

  Result<void> line(const std::vector<std::string>& words) {
    if (!started_) {
      if (words.size() != 2 || words[0] != kMagic) return error("is no schedule: it begins with `tailback-schedule 1`");
      if (words[1] != "1") return error("is of version " + words[1] + "; this program reads version 1");
      started_ = true;
      return {};
    }
    if (words[0] == "expect") {
      if (words.size() != 2 || (words[1] != "deadlocks" && words[1] != "completes")) return error("expect deadlocks, or expect completes");
      plan_.expectation = words[1] == "deadlocks" ? schedule_expectation::deadlocks : schedule_expectation::completes;
      expects_ = true;
      return {};
    }
    if (words[0] != "step") return error("unknown line " + words[0] + " (expect, step)");
    return step(words);
  }

  // step ID THREAD NUMBER OPERATION LOCK [waits] [after ID …]
  Result<void> step(const std::vector<std::string>& words) {
    if (words.size() < 6) return error("a step is: step ID THREAD NUMBER OPERATION LOCK [waits] [after ID …]");
    const std::optional<std::uint32_t> which = number(words[3]);
    if (!which || *which == 0) return error("step " + words[1] + ": the operation's number is 1 or more, not " + words[3]);
    if (std::find(kOperations.begin(), kOperations.end(), words[4]) == kOperations.end()) return error("step " + words[1] + ": unknown operation " + words[4]);
    schedule_step made{words[2], *which, words[4], words[5], false, {}};
    std::size_t at = 6;
    if (at < words.size() && words[at] == "waits") {
      made.waits = true;
      ++at;
    }
    if (at < words.size() && words[at] != "after") return error("step " + words[1] + ": unknown word " + words[at]);
    for (++at; at < words.size(); ++at) {
      const auto before = ids_.find(words[at]);
      if (before == ids_.end()) return error("step " + words[1] + " comes after step " + words[at] + ", which is not above it");
      made.after.push_back(before->second);
    }
    for (const schedule_step& other : plan_.steps) {
      if (other.thread == made.thread && other.number == made.number) return error("step " + words[1] + ": operation " + words[3] + " of " + words[2] + " has a step already");
    }
    if (!ids_.emplace(words[1], static_cast<std::uint32_t>(plan_.steps.size())).second) return error("step " + words[1] + " is there twice");
    plan_.steps.push_back(std::move(made));
    return {};
  }

  std::string_view name_;
  std::uint32_t line_ = 0;
  bool started_ = false, expects_ = false;
  std::map<std::string, std::uint32_t> ids_;
  schedule plan_;
};

}  // namespace

Result<schedule> schedule::parse(std::string_view text, std::string_view name) { return Parser(name).parse(text); }

Result<schedule> schedule::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "can't be opened", path};
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!looks_like_incident(text)) return parse(text, path);
  const Result<std::string> stored = read_schedule(path);
  return stored.ok() ? parse(*stored, path + ", schedule") : Result<schedule>(stored.error());
}

std::string schedule::text() const {
  std::string text(kMagic);
  text += " 1\nexpect ";
  text += expectation == schedule_expectation::deadlocks ? "deadlocks\n" : "completes\n";
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const schedule_step& step = steps[i];
    text += "step " + std::to_string(i + 1) + " " + quoted(step.thread) + " " + std::to_string(step.number) + " " + step.operation + " " + quoted(step.lock);
    if (step.waits) text += " waits";
    if (!step.after.empty()) text += " after";
    for (const std::uint32_t before : step.after) text += " " + std::to_string(before + 1);
    text += "\n";
  }
  return text;
}

}  // namespace tailback
