// Evidence from source: which locks a function holds at a line, by reading it.
//
// A frame of a dump says "hashset.go:51, calling Size"; the source says which locks the function took before that place and
// has not released. That upgrades an inferred hold (the source shows it taken) or refutes it (the source shows it released,
// or never taken). A lexer and the rules of scopes are enough: no types are resolved, no calls followed, so what is found
// is evidence, not proof, and what hangs on a condition says `maybe`.
//
// Understood:
//   Go    mu.Lock() RLock() Unlock() RUnlock() TryLock(), defer, closures, blocks that return
//   C++   lock_guard unique_lock shared_lock scoped_lock (and other names that end so), lock() unlock() lock_shared() …,
//         pthread_mutex_lock pthread_rwlock_rdlock …, blocks and lambdas
//   Java  synchronized blocks and methods, lock() unlock() with finally, readLock() writeLock()
//   Python with blocks, acquire() release(), try and finally; see python_source.h
//
// held_at is a pure function of the text; SourceFinder is where files are opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

enum class SourceLanguage : std::uint8_t { kUnknown, kGo, kCpp, kJava, kPython };

/// By the file's extension.
[[nodiscard]] SourceLanguage source_language(std::string_view path);

/// A lock taken in a function.
struct SourceHold {
  std::string lock;            ///< as written: "set.mu", "m_", "this"
  std::string key;             ///< with the receiver's type for its name: "HashSet.mu"; the same for all methods of one type.
                               ///< Empty where the text does not tell whose member it is
  LockMode mode = LockMode::kExclusive;
  std::uint32_t line = 0;      ///< 1-based, where it is taken
  std::string text;            ///< that line, trimmed
  bool maybe = false;          ///< taken or released under a condition, or by a try
  LockKind kind = LockKind::kUnknown;  ///< Python: as it is constructed
  bool one_object = false;     ///< Python: of the module or a class, so that the key stands for one lock
};

struct SourceEvidence {
  bool in_function = false;    ///< a function that contains the line was found; else nothing below is filled
  std::string function;        ///< its name as the source writes it: "Values", "HashSet::values"
  std::string type;            ///< of its receiver or class: "HashSet"; empty: none, or not told
  std::uint32_t function_line = 0;
  std::string text;            ///< the line asked for, trimmed
  bool callee_found = false;   ///< the line does call `callee`; where it was given and this is false, the source may be another version
  std::string callee_object;   ///< what the callee is called on, as written: "other", "q.sink"; empty: nothing, or the object itself
  std::vector<SourceHold> held;     ///< taken before the place and not released, in the order taken
  std::vector<SourceHold> taken;    ///< what the line itself takes: what a thread that waits there waits for
  std::vector<SourceHold> awaited;  ///< Python: conditions, events, semaphores, barriers that the line waits for by calling `callee`
  std::string blocks_in;            ///< Python, where no callee is given: the call on the line that waits in C code: "sleep", "recv"; empty: none
  std::vector<SourceHold> released; ///< taken and released again before the place: refutes a hold
};

/// What `line` (1-based) of `text` holds. `callee` is the function that the frame is calling, when known (the next frame in):
/// where a line takes a lock and calls, what stands before the call counts as held. It may be qualified ("HashSet::size() const").
[[nodiscard]] SourceEvidence held_at(std::string_view text, SourceLanguage language, std::uint32_t line,
                                     std::string_view callee = {});

/// The path under which a frame's source is looked for. Java prints the file's bare name; the class tells the folder:
/// "com.acme.Book$Shelf.place" in "Book.java" is com/acme/Book.java. Others name the path themselves.
[[nodiscard]] std::string source_path(std::string_view function, std::string_view file);

/// Finds the source file that a frame names. Files are read once and kept.
///
/// With a directory, the file whose path shares the longest suffix with the frame's; two that share equally long ones are
/// ambiguous and count as not found (but the one at the top of the directory is it where only the name is shared). A wrong file is
/// worse than none: its evidence would be, too.
/// Errors: a file that can't be read is not found. Limits: files over 8 MiB and more than 200,000 directory entries are not read.
class SourceFinder {
 public:
  /// `directory` may be empty; `from_paths`: also open the path in the dump itself.
  SourceFinder(std::string directory, bool from_paths);
  ~SourceFinder();
  SourceFinder(SourceFinder&&) noexcept;
  SourceFinder& operator=(SourceFinder&&) noexcept;

  /// The text of that file, or null. Valid for the finder's life.
  [[nodiscard]] const std::string* text(std::string_view path);

  /// text() and held_at() of one frame; `in_function` false when there is no such file.
  [[nodiscard]] SourceEvidence evidence(std::string_view path, std::uint32_t line, std::string_view callee = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tailback::analyze
