#include "replay/sources/jstack_verdict.h"

#include "replay/sources/scan.h"

namespace tailback::replay {

void JstackVerdict::begin(std::string_view text) {
  open_ = true;
  stacks_ = false;
  statement_ = text;
  next_ = {};
}

JstackVerdict::Step JstackVerdict::line(std::string_view text) {
  if (text.starts_with("Found ") && text.find("deadlock") != std::string_view::npos) return Step::kEnds;
  if (text.starts_with("Java stack information")) {
    stacks_ = true;
    return Step::kGoesOn;
  }
  if (text.empty() || text.find_first_not_of('=') == std::string_view::npos) return Step::kGoesOn;
  if (stacks_) return Step::kStackLine;
  if (statement_.size() < 4096) statement_.append(" ").append(text);
  fact(text);
  return Step::kGoesOn;
}

/// "waiting to lock Monitor@0x00007f0e1c003f58 (Object@0x00000000d5f1a2b8, a depot/Shelf)," is jstack -F's.
void JstackVerdict::fact(std::string_view text) {
  constexpr std::string_view kHeld = "which is held by \"";
  if (!thread_name(text).empty()) {
    next_ = {};
  } else if (const std::size_t held = text.find(kHeld); held != std::string_view::npos) {
    const std::string_view owner = text.substr(held + kHeld.size());
    next_.owner = owner.substr(0, owner.rfind('"'));
    if (next_.lock != 0 && held_.size() < 65536) held_.push_back(next_);
    next_ = {};
  } else if (text.starts_with("waiting ")) {
    next_ = {};
    next_.monitor = text.starts_with("waiting to lock");
    std::string_view rest = text;
    for (const std::string_view key : {"object ", "Object@", "ownable synchronizer "}) {
      const std::size_t at = text.find(key);
      if (at == std::string_view::npos) continue;
      rest = text.substr(at + key.size());
      next_.lock = take_hex(rest).value_or(0);
      break;
    }
    const std::size_t class_at = rest.find("a "), class_end = rest.find_first_of("),", class_at);
    if (class_at != std::string_view::npos && class_end != std::string_view::npos) next_.class_name = rest.substr(class_at + 2, class_end - class_at - 2);
  }
}

std::string JstackVerdict::take_statement() {
  open_ = stacks_ = false;
  return std::exchange(statement_, {});
}

std::string_view JstackVerdict::thread_name(std::string_view text) {
  if (text.size() < 4 || text.front() != '"' || !text.ends_with("\":")) return {};
  return text.substr(1, text.size() - 3);
}

}  // namespace tailback::replay
