// Where one dump of a Go log ends and the next begins, and what the runtime said before it.
//
// The dumps of one log follow each other without a mark. One ends at a mark of the program's own, a panic, a quiet time, or where a
// goroutine comes again; whoever dumps is printed first and may be new, so it is taken over from the dump before.
//
// Thread safety: none; owned by one reader. No goroutine is open when log_line() and end_at_mark() are called.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/dump_builder.h"
#include "replay/sources/go_lines.h"

namespace tailback::replay {

class GoDumps {
 public:
  explicit GoDumps(DumpBuilder& builder) : builder_(builder) {}

  /// A line between goroutines, not empty. True when it is a panic, signal or fatal error, which belongs to the dump that follows.
  bool log_line(const Line& line, std::string_view text);
  /// Ends the dump where such a line shows that nothing of it is still to come.
  void end_at_mark(const Line& line, std::string_view text);
  /// A goroutine's header has come: begins a dump where it is the first of one.
  void before_goroutine(const Line& line, const GoHeader& header);
  void begin(const Line& line);
  void end();
  /// The input has ended.
  void finish();

 private:
  /// Which goroutines a dump has already: a bit each, for those that were started one after another have numbers side by side.
  /// Open addressing; cleared by a new epoch.
  class SeenIds {
   public:
    void clear() {
      ++epoch_;
      size_ = 0;
    }
    /// False when it was there.
    bool insert(std::uint64_t id);

   private:
    struct Slot {
      std::uint64_t neighbours = 0;  ///< id / 64
      std::uint64_t bits = 0;        ///< which of them
      std::uint64_t epoch = 0;
    };
    Slot& find(std::uint64_t neighbours);
    void grow();
    std::vector<Slot> slots_;  ///< a power of two
    std::uint64_t epoch_ = 1;
    std::size_t size_ = 0;
  };

  void statement(const Line& line, std::string_view text);
  void begin_report();
  bool report(std::string_view text);
  void border(const Line& line, const GoHeader& header);
  void carry_last_thread_over(const Line& line);

  DumpBuilder& builder_;
  SeenIds seen_;
  std::vector<std::string> statements_;  ///< printed before the dump that they belong to
  std::uint64_t statement_line_ = 0;
  std::vector<std::string> report_;     ///< lines of a report of go-deadlock's
  unsigned dumps_of_report_ = 0;        ///< that are still to come
  std::int64_t last_wall_ns_ = 0;     ///< of the dump's last line
  bool gap_ = false;                  ///< log lines have come since the last goroutine
  bool next_thread_of_crash_ = false; ///< "-----": GOTRACEBACK=crash goes on with the next thread's stack
  bool sigquit_ = false;
};

}  // namespace tailback::replay
