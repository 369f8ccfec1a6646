// What the program's source says of a holder that the stacks suggest: it upgrades, refutes, or finds one that they don't show.
//
// The line from which a thread waits tells the lock as the source writes it ("set.mu"); a frame's line tells which locks its function has
// taken and not given back. Where both name the same lock, the frame holds it; where the function is there and holds nothing of that
// name, it doesn't. What hangs on a condition stays as it was.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "analyze/classify/source_evidence.h"
#include "analyze/holders/candidates.h"

namespace tailback::analyze {

class SourceCheck {
 public:
  enum class Verdict : std::uint8_t { kUnknown, kHeld, kNotHeld };

  SourceCheck(const Recording& recording, const Dump& dump, const RuntimeRules& rules, const AnalyzeOptions& options);

  /// The lock as its waiters' lines write it; false where there is no source, or the lines don't agree.
  [[nodiscard]] bool knows(const Subject& subject);
  /// "HashSet.mu"; empty where the source does not tell whose member it is.
  [[nodiscard]] std::string name(const Subject& subject);
  /// `words` gets the two lines that matter; `mode` how the lock was taken.
  [[nodiscard]] Verdict check(const Subject& subject, const Candidate& candidate, std::string& words, LockMode& mode);
  /// Threads whose frames hold the lock by the source, for a lock for which the stacks suggest nobody.
  void find(const Subject& subject, std::size_t index, const std::vector<Activity>& activities, std::vector<Candidate>& candidates);

 private:
  struct LockText {
    std::string key, written, file, line;  ///< `line`: the waiter's, quoted
    bool known = false;
  };

  [[nodiscard]] Verdict same_object(const Subject& subject, const Candidate& candidate, const SourceEvidence& at, const SourceHold& hold) const;
  const LockText& lock_text(const Subject& subject);
  const SourceEvidence& evidence(const ThreadView& view, std::size_t frame);
  const SourceHold* find_hold(const std::vector<SourceHold>& holds, const LockText& lock, std::string_view file) const;
  [[nodiscard]] std::string quote(std::string_view file, std::uint32_t line, const std::string& text) const;

  const Recording& recording_;
  const Dump& dump_;
  const RuntimeRules& rules_;
  SourceFinder finder_;
  std::map<std::uint32_t, LockText> locks_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, SourceEvidence> evidence_;  ///< by file, line, callee
};

}  // namespace tailback::analyze
