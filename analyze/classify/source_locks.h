// The lock operations that tokens spell: which lock, which mode, taken or released, by a guard or by hand.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyze/classify/source_functions.h"
#include "analyze/classify/source_lexer.h"

namespace tailback::analyze {

struct LockOperation {
  enum class Kind : std::uint8_t {
    kTake,       ///< held until released
    kGuard,      ///< held until the scope of `variable` ends, or the variable is unlocked
    kDeferred,   ///< a guard that holds nothing yet
    kAdopt,      ///< a guard over a lock that is held already
    kRelease,
    kWait,       ///< waits on a condition and has released `locks` meanwhile
  };
  Kind kind = Kind::kTake;
  std::vector<std::string> locks;  ///< as written, without & * this-> this.
  std::string variable;            ///< of a guard
  LockMode mode = LockMode::kExclusive;
  bool maybe = false;              ///< a try that may fail
  bool deferred = false;           ///< Go's `defer`: happens when the function ends
  std::size_t last = 0;            ///< index of the operation's last token
};

/// Recognises operations in one file.
class LockReader {
 public:
  LockReader(const SourceTokens& tokens, SourceLanguage language);

  /// The operation whose naming word (`Lock`, `lock_guard`, `pthread_mutex_lock`, …) is token `i`, in a body that begins behind
  /// `begin`; none.
  [[nodiscard]] std::optional<LockOperation> at(std::size_t i, std::size_t begin) const;

  /// Java: the lock of a `synchronized (…)` block whose word is token `i`; empty: it is none.
  [[nodiscard]] std::string synchronized_on(std::size_t i) const;

  /// The tokens [begin, end) as an expression, without what stands for the object itself.
  [[nodiscard]] std::string expression(std::size_t begin, std::size_t end) const;

 private:
  struct Alias {
    std::string lock;
    LockMode mode = LockMode::kExclusive;
  };

  [[nodiscard]] std::size_t chain_begin(std::size_t dot) const;
  [[nodiscard]] bool is_statement(std::size_t begin, std::size_t last, std::size_t body) const;
  [[nodiscard]] std::optional<LockOperation> go(std::size_t i) const;
  [[nodiscard]] std::optional<LockOperation> java(std::size_t i, std::size_t body) const;
  [[nodiscard]] std::optional<LockOperation> cpp(std::size_t i, std::size_t body) const;
  [[nodiscard]] std::optional<LockOperation> guard(std::size_t i) const;
  [[nodiscard]] std::optional<LockOperation> free_function(std::size_t i) const;
  [[nodiscard]] std::vector<std::string> arguments(std::size_t open) const;
  void find_aliases();

  const SourceTokens& t_;
  SourceLanguage language_;
  std::unordered_map<std::string, Alias> aliases_;  ///< variables that are another lock: `r = rw.readLock()`, `mu := &s.mu`
};

}  // namespace tailback::analyze
