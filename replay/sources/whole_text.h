// The text of an input that can't be read line by line, JSON: kept whole, up to a limit.
//
// Beyond ReadOptions::maximum_whole_bytes nothing more is kept; what is kept is read, and diagnose() says that the rest was left out.
#pragma once

#include <string>
#include <string_view>

#include "replay/sources/source.h"

namespace tailback::replay {

class WholeText {
 public:
  explicit WholeText(const ReadOptions& options) : maximum_(options.maximum_whole_bytes) {}

  void append(const Line& line) {
    if (cut_line_ == 0 && text_.size() + line.text.size() < maximum_) text_.append(line.text).push_back('\n');
    else if (cut_line_ == 0) cut_line_ = line.number;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// `diagnose(severity, line, reason)` where something was left out.
  template <class Diagnose>
  void diagnose(Diagnose&& diagnose) const {
    if (cut_line_ == 0) return;
    diagnose(Severity::kError, cut_line_, "JSON is held in memory, and this is more than " + std::to_string(maximum_ >> 20) + " MiB; the rest was left out");
  }

 private:
  const std::size_t maximum_;
  std::string text_;
  std::uint64_t cut_line_ = 0;
};

}  // namespace tailback::replay
