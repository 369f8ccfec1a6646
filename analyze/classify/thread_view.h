// One thread's frames and argument words, as the rules read them.
#pragma once

#include <span>
#include <string_view>

#include "runtime/incident/model.h"

namespace tailback::analyze {

class ThreadView {
 public:
  ThreadView(const StackTable& table, const ThreadRecord& thread)
      : table_(table), frames_(table.stack(thread.stack)), arguments_(table.arguments(thread.arguments)), name_(table.text(thread.name)) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::size_t size() const { return frames_.size(); }
  /// Text of a frame's function; empty past the end.
  [[nodiscard]] std::string_view function(std::size_t at) const {
    return at < frames_.size() ? table_.function(frames_[at]) : std::string_view{};
  }
  [[nodiscard]] const Frame& frame(std::size_t at) const { return table_.frame(frames_[at]); }
  [[nodiscard]] std::string_view file(std::size_t at) const { return table_.text(frame(at).file); }

  /// The word at a position of a frame's arguments, or null.
  [[nodiscard]] const Argument* argument(std::size_t frame, std::size_t position) const {
    for (const Argument& word : arguments_) {
      if (word.frame == frame && word.position == position) return &word;
    }
    return nullptr;
  }
  /// The argument of that name, or null.
  [[nodiscard]] const Argument* argument(std::size_t frame, std::string_view name) const {
    for (const Argument& word : arguments_) {
      if (word.frame == frame && word.name.valid() && table_.text(word.name) == name) return &word;
    }
    return nullptr;
  }
  [[nodiscard]] std::span<const Argument> arguments() const { return arguments_; }

 private:
  const StackTable& table_;
  std::span<const FrameId> frames_;
  std::span<const Argument> arguments_;
  std::string_view name_;
};

}  // namespace tailback::analyze
