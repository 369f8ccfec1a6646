// What each runtime's own frames mean: one Rules object a runtime, one registry line (runtime_rules.cc).
#pragma once

#include <string>
#include <string_view>

#include "analyze/classify/activity.h"
#include "analyze/classify/thread_view.h"

namespace tailback::analyze {

/// What the frames of one stack say of the thread's wait. Depends on the functions and the state, not on argument words,
/// so that it is read once for all threads that share them.
struct WaitSite {
  Activity activity;
  LockKind lock = LockKind::kUnknown;  ///< kind of what is waited for; unknown: nothing that has an identity
  LockMode mode = LockMode::kExclusive;
  bool front = false;                  ///< the writer that waits for the readers, not for the queue
  bool of_the_place = false;           ///< what is waited for belongs to the place in the program, not to an object: the guard of a static variable
  static constexpr std::uint16_t kNoFrame = 0xffff;
  std::uint16_t object_frame = kNoFrame;  ///< native: the frame of the lock's own function, where the lock is none of libc's: its object is the lock
};

/// An object by its class, as a method's name and first argument tell it.
struct Receiver {
  std::string_view type;      ///< "main.(*HashSet)", "HashSet"; empty: not a method
  std::uint64_t value = 0;    ///< address of the object; 0: not told
  bool uncertain = false;     ///< the value may be stale
};

struct RuntimeRules {
  Runtime runtime;
  WaitSite (*read)(const ThreadView& thread, const ThreadRecord& record, std::string_view state);
  /// Base address of the lock that the thread waits for, from the argument words of the lock's own frames; 0: not told.
  std::uint64_t (*lock_address)(const ThreadView& thread, const WaitSite& site);
  /// Whether a writer is known, from those words, to wait for the readers of the lock at `address`; null: the frames tell already.
  bool (*front)(const ThreadView& thread, const WaitSite& site, std::uint64_t address);
  Receiver (*receiver)(const ThreadView& thread, std::size_t frame);
  /// Whether a function is the runtime's or its libraries', not the program's.
  bool (*library)(std::string_view function, std::string_view file, std::string_view module);
};

/// Rules of that runtime; native's for an unknown one.
[[nodiscard]] const RuntimeRules& runtime_rules(Runtime runtime);

/// Index of the first frame at or after `from` that is the program's own; size of the stack: none.
[[nodiscard]] std::uint16_t own_frame(const RuntimeRules& rules, const StackTable& table, const ThreadView& thread, std::size_t from);

extern const RuntimeRules kGoRules, kJavaRules, kKernelRules, kNativeRules, kPythonRules;

/// Whether `text` starts with one of the words of a table.
template <class Table>
[[nodiscard]] bool starts_with_any(std::string_view text, const Table& prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

template <class Table>
[[nodiscard]] bool contains_any(std::string_view text, const Table& words) {
  for (const std::string_view word : words) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace tailback::analyze
