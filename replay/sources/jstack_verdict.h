// The JVM's own verdict at the end of a thread dump:
//
//   Found one Java-level deadlock:
//   =============================
//   "T-AB":
//     waiting to lock monitor 0x00007f3f70066be0 (object 0x000000069ec1b668, a java.lang.Object),
//     which is held by "T-BA"
//   "T-BA":
//     waiting for ownable synchronizer 0x000000071ab2c3d0, (a java.util.concurrent.locks.ReentrantLock$NonfairSync),
//     which is held by "T-AB"
//
//   Java stack information for the threads listed above:
//   ===================================================
//   "T-AB":
//           at …
//   Found 1 deadlock.
//
// It is kept as a statement, and what it says of holders counts: without -l nothing else tells who holds a java.util.concurrent lock.
// Threads stand in it by name. Its stacks are the dump's once more, but for a post that has nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/java_thread.h"

namespace tailback::replay {

class JstackVerdict {
 public:
  struct Held {
    std::string owner;       ///< a thread's name
    std::uint64_t lock = 0;
    std::string class_name;
    bool monitor = false;
  };
  enum class Step : std::uint8_t { kGoesOn, kStackLine, kEnds };

  [[nodiscard]] static bool begins(std::string_view text) {
    return text.starts_with("Found ") && text.find("deadlock") != std::string_view::npos && text.ends_with(':');
  }
  void begin(std::string_view text);
  [[nodiscard]] bool open() const { return open_; }
  /// A line of an open verdict. kStackLine: it is of the stacks that follow; kEnds: it is the verdict's last.
  Step line(std::string_view text);
  /// Closes it; its text, or nothing where none was open.
  std::string take_statement();
  std::vector<Held> take_held() { return std::exchange(held_, {}); }

  /// T-AB of `"T-AB":`; empty: no such line.
  [[nodiscard]] static std::string_view thread_name(std::string_view text);

 private:
  void fact(std::string_view text);

  bool open_ = false, stacks_ = false;
  std::string statement_;
  Held next_;                ///< the lock that the thread before waits for, until its holder is named
  std::vector<Held> held_;
};

}  // namespace tailback::replay
