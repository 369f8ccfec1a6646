// What happens to the program on SIGINT, SIGTERM, SIGHUP and SIGPIPE.
//
// An interrupted command says so in one line and ends as the signal would have ended it (a shell sees 128 + its number, and 130 after Ctrl-C), with
// the terminal as it was and without a half-written output file. While it reads its inputs it is asked to stop, so that the reader takes its
// temporary files along; a second signal does not ask. A reader that closes the pipe early (`| head`) ends the program quietly, as it ends cat.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <string_view>

namespace tailback::cli {

void prepare_signals();

/// What a file may have beside it while SQLite and our writer are at work on it: suffixes, the first for the file itself.
inline constexpr std::array<std::string_view, 5> kBesideFile{"", "-wal", "-shm", "-journal", ".partial"};

/// While it lives, the first signal sets a flag and leaves the program to end itself, with end_when_interrupted().
class StopWhenInterrupted {
 public:
  StopWhenInterrupted();
  ~StopWhenInterrupted();
  StopWhenInterrupted(const StopWhenInterrupted&) = delete;
  StopWhenInterrupted& operator=(const StopWhenInterrupted&) = delete;

  [[nodiscard]] const std::atomic<bool>& flag() const;
};

/// Ends the program if it was asked to stop.
void end_when_interrupted();

/// Names a file to remove when the program is interrupted, with what SQLite puts beside it; one at a time.
class RemoveWhenInterrupted {
 public:
  explicit RemoveWhenInterrupted(const std::string& path);
  ~RemoveWhenInterrupted();
  RemoveWhenInterrupted(const RemoveWhenInterrupted&) = delete;
  RemoveWhenInterrupted& operator=(const RemoveWhenInterrupted&) = delete;
};

}  // namespace tailback::cli
