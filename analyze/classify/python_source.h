// Evidence from Python source: which threading locks a function holds at a line, and which the line itself asks for.
//
// Blocks are told by indentation, and only locks whose construction stands in the same file count: `with` opens files and transactions, too.
//
// Understood: `with lock:`, `with self._lock:`, `with a, b:`, `lock.acquire()` … `lock.release()` as statements, with try/finally and branches that
// leave; what a line waits for: a Condition, an Event, a Semaphore, a Barrier, and calls of C code that have no frame (time.sleep, recv). Not read, because it can't be decided here: a lock that a Condition wraps (wait() gives it back), acquire() with a time limit, locks of
// another object (`other._lock`), of a closure, or handed in as an argument.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyze/classify/source_evidence.h"
#include "analyze/classify/source_lexer.h"

namespace tailback::analyze {

class PythonSource {
 public:
  /// `text` must outlive the reader.
  explicit PythonSource(std::string_view text);

  /// As held_at(). `function` is "<module>" outside of any; a call on the method's own object has "this" for its `callee_object`.
  [[nodiscard]] SourceEvidence at(std::uint32_t line, std::string_view callee) const;

 private:
  static constexpr std::size_t kNone = SourceTokens::kNone;
  static constexpr std::size_t kDeepest = 64;  ///< steps of a walk outwards: a bound on hostile text

  /// A logical line.
  struct Statement {
    std::size_t begin = 0, end = 0;   ///< its tokens
    std::uint32_t first_line = 0, last_line = 0;
    std::size_t indent = 0;
    std::size_t parent = kNone;       ///< the statement whose block it stands in
    std::size_t colon = kNone;        ///< of a compound statement: the token that ends its head
  };
  /// How a name is given its lock.
  struct Construction {
    LockKind kind = LockKind::kUnknown;
    bool one_object = false;  ///< of the module or the class, not of each object
    bool refuted = false;     ///< also given another value, or wrapped in a Condition
  };
  struct Expression {
    std::string text;         ///< "self._lock"; empty: not a name
    std::uint32_t line = 0;
  };

  void split();
  void add_statement(std::size_t begin, std::size_t end);
  void find_names();
  void find_constructions();
  void assignment(std::size_t statement, std::size_t begin);
  [[nodiscard]] std::vector<std::size_t> simple_starts(const Statement& s) const;
  [[nodiscard]] LockKind constructed(std::size_t value) const;

  [[nodiscard]] bool compound(const Statement& s, std::string_view keyword) const { return t_.is(s.begin, keyword) && s.colon != kNone; }
  [[nodiscard]] bool is_def(const Statement& s) const { return compound(s, "def") || (compound(s, "async") && t_.is(s.begin + 1, "def")); }
  [[nodiscard]] bool inline_body(const Statement& s) const { return s.colon != kNone && s.colon + 1 < s.end; }
  [[nodiscard]] std::size_t statement_at(std::uint32_t line) const;
  [[nodiscard]] std::size_t def_of(std::size_t statement) const;
  [[nodiscard]] std::size_t class_of(std::size_t def) const;
  [[nodiscard]] std::string_view name_of(std::size_t statement) const;
  [[nodiscard]] std::string_view self_of(std::size_t def) const;
  [[nodiscard]] bool binds(std::size_t def, std::string_view name) const;
  [[nodiscard]] bool within(std::size_t statement, std::size_t block) const;

  [[nodiscard]] std::vector<Expression> with_items(const Statement& s) const;
  [[nodiscard]] std::string name_in(std::size_t begin, std::size_t end) const;
  [[nodiscard]] std::string called(const Statement& s, std::string_view method) const;
  [[nodiscard]] std::optional<SourceHold> resolve(const std::string& expression, std::size_t def, std::uint32_t line) const;
  [[nodiscard]] std::optional<SourceHold> resolve_lock(const std::string& expression, std::size_t def, std::uint32_t line) const;
  [[nodiscard]] const Construction* find(std::string_view type, std::string_view name, std::string& owner) const;
  [[nodiscard]] bool body_is_brief(const Statement& s) const;
  [[nodiscard]] bool released_between(std::size_t from, std::size_t to, const std::string& lock, std::size_t def) const;
  [[nodiscard]] bool block_leaves(std::size_t statement) const;
  void find_call(const Statement& s, std::size_t from, std::string_view callee, std::size_t def, SourceEvidence& result) const;
  void find_awaited(const Statement& s, std::string_view callee, std::size_t def, SourceEvidence& result) const;
  [[nodiscard]] std::string blocking_call(const Statement& s) const;
  void at_with(std::size_t place, std::uint32_t line, std::string_view callee, std::size_t def, SourceEvidence& result) const;
  void add_held(std::size_t place, std::size_t def, SourceEvidence& result) const;

  SourceTokens t_;
  std::string_view text_;
  std::vector<Statement> statements_;
  std::map<std::pair<std::string, std::string>, Construction, std::less<>> constructions_;  ///< by class (empty: the module) and name
  std::map<std::string, std::vector<std::string>, std::less<>> bases_;
  std::set<std::string_view> imported_, globals_;
  std::size_t globals_looked_up_ = 0;
};

}  // namespace tailback::analyze
