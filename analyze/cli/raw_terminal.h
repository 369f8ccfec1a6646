// The terminal as a live view needs it: keys come at once and unseen, the cursor is hidden, the view has a screen of its own; and
// all is as it was before when the view ends, however it ends.
//
// Thread safety: one at a time, of one thread.
#pragma once

#include <optional>

namespace tailback::cli {

class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  /// False: standard input or output is no terminal; nothing was changed.
  [[nodiscard]] bool active() const { return active_; }
  /// The next key within the time; none: there was none. `ended`: the input is at its end.
  [[nodiscard]] std::optional<char> key(int milliseconds, bool& ended) const;

 private:
  bool active_ = false;
};

/// What a signal handler calls before it ends the process. Async-signal-safe.
void restore_terminal_signal_safe();

}  // namespace tailback::cli
