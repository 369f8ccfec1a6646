#include "analyze/classify/source_walk.h"

#include <algorithm>
#include <array>

namespace tailback::analyze {
namespace {

constexpr std::size_t kMaximumHolds = 64;  // of a function; more is no source that people write

bool same_lock(const WalkedHold& a, const WalkedHold& b) { return a.lock == b.lock && a.line == b.line && a.mode == b.mode; }

/// What is held whichever of the ways was taken; what only some hold is held maybe.
WalkedState merge(const std::vector<WalkedState>& ways) {
  WalkedState result;
  if (ways.empty()) return result;
  const auto everywhere = [&](const WalkedHold& hold) {
    return std::all_of(ways.begin(), ways.end(), [&](const WalkedState& way) {
      return std::any_of(way.held.begin(), way.held.end(), [&](const WalkedHold& other) { return same_lock(hold, other) && !other.maybe; });
    });
  };
  for (const WalkedState& way : ways) {
    for (const WalkedHold& hold : way.held) {
      if (std::any_of(result.held.begin(), result.held.end(), [&](const WalkedHold& h) { return same_lock(h, hold); })) continue;
      result.held.push_back(hold);
      result.held.back().maybe = !everywhere(hold);
    }
    for (const WalkedHold& hold : way.released) {
      const bool in_all = std::all_of(ways.begin(), ways.end(), [&](const WalkedState& other) {
        return std::any_of(other.released.begin(), other.released.end(), [&](const WalkedHold& h) { return same_lock(h, hold); });
      });
      const bool known = std::any_of(result.released.begin(), result.released.end(), [&](const WalkedHold& h) { return same_lock(h, hold); });
      if (in_all && !known) result.released.push_back(hold);
    }
  }
  return result;
}

bool ends_way(std::string_view word) {
  static constexpr auto kWords = std::to_array<std::string_view>({"return", "throw", "goto", "panic", "co_return", "abort", "exit"});
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

SourceWalk::SourceWalk(const SourceTokens& tokens, SourceLanguage language, const LockReader& locks, const std::vector<SourceFunction>& functions,
                       const SourceFunction& function)
    : t_(tokens), language_(language), locks_(locks), function_(function) {
  for (const SourceFunction& other : functions) {
    if (other.open > function.open && other.close <= function.close) closures_.emplace(other.head, other.close);
  }
}

std::size_t SourceWalk::closure_end(std::size_t i) const {
  const auto at = closures_.find(i);
  return at == closures_.end() ? 0 : at->second;
}

WalkedState SourceWalk::until(std::size_t place) {
  if (function_.is_synchronized) {
    LockOperation op;
    op.locks = {function_.is_static ? function_.type + ".class" : "this"};
    take(op, t_[function_.head].line);
  }
  for (std::size_t i = function_.open + 1; i < place && i < t_.size();) {
    const std::size_t at = i;
    step(i, place);
    if (i <= at) i = at + 1;
    close_blocks(std::min(i, place) - 1);
  }
  return std::move(state_);
}

void SourceWalk::step(std::size_t& i, std::size_t place) {
  if (const std::size_t end = closure_end(i); end > i && end < place) {
    i = end + 1;
    return;
  }
  if (t_[i].word()) return word(i, place);
  if (t_.is(i, "{")) {
    const std::size_t end = t_.match[i] == SourceTokens::kNone ? function_.close : t_.match[i];
    if (has_pending_) open_block(pending_, i, end);
    else if (is_block_brace(i)) open_block(BlockKind::kPlain, i, end);
    has_pending_ = false;
  }
  ++i;
}

/// A brace that begins a block, not a value: `T{…}`, `x = {…}`, `f({…})`.
bool SourceWalk::is_block_brace(std::size_t i) const {
  const SourceToken& before = t_[i - 1];
  if (language_ == SourceLanguage::kGo) return before.is("{") || before.is("}") || before.is(";") || before.is(":") || (i > 0 && before.line != t_[i].line);
  return before.is("{") || before.is("}") || before.is(";") || before.is(":") || before.is("else") || before.is("do") || before.is("try") || before.is("finally") ||
         before.is(")");
}

void SourceWalk::word(std::size_t& i, std::size_t place) {
  const std::string_view text = t_[i].text;
  if (text == "if") return header(i, BlockKind::kIf);
  if (text == "for" || text == "while") return header(i, BlockKind::kLoop);
  if (text == "switch" || text == "select") return header(i, BlockKind::kSwitch);
  if (text == "catch") return header(i, BlockKind::kCatch);
  if (text == "do" && t_.is(i + 1, "{")) {
    has_pending_ = true;
    pending_ = BlockKind::kDoLoop;
  } else if (text == "else") {
    else_ = true;
    if (t_.is(i + 1, "if")) {
      else_if_ = true;
    } else if (t_.is(i + 1, "{")) {
      has_pending_ = true;
      pending_ = BlockKind::kIf;
    } else {
      open_block(BlockKind::kIf, i, statement_end(i + 1, 0));
    }
  } else if ((text == "case" || text == "default") && !blocks_.empty() && blocks_.back().kind == BlockKind::kSwitch) {
    Block& block = blocks_.back();
    if (!block.ended) block.outcomes.push_back(state_);
    state_ = block.before;
    block.ended = false;
  } else if (text == "break" || text == "continue") {
    leave(i);
  } else if (ends_way(text) && !blocks_.empty() && !t_.is(i - 1, ".")) {
    // The operands may still take and release: `return f(lock())` is read on; what counts is that the way ends.
    blocks_.back().ended = true;
  } else if (const std::string lock = locks_.synchronized_on(i); !lock.empty()) {
    const std::size_t brace = t_.behind(i + 1);
    if (t_.is(brace, "{")) {
      open_block(BlockKind::kPlain, brace, t_.match[brace] == SourceTokens::kNone ? function_.close : t_.match[brace]);
      LockOperation op;
      op.kind = LockOperation::Kind::kGuard;
      op.locks = {lock};
      if (brace < place) apply(op, t_[i].line);
      i = brace + 1;
      return;
    }
  } else if (const auto operation = locks_.at(i, function_.open)) {
    // An operation that the place stands in has not happened yet.
    if (operation->last < place && !operation->deferred) apply(*operation, t_[i].line);
  }
  ++i;
}

/// `if (…)`, `for … {`: what the condition takes, it takes in any case.
void SourceWalk::header(std::size_t& i, BlockKind kind) {
  const bool after_do = kind == BlockKind::kLoop && t_.is(i, "while") && i > 0 && t_.is(i - 1, "}") && language_ != SourceLanguage::kGo && t_.is(i + 1, "(") &&
                        t_.is(t_.behind(i + 1), ";");
  if (language_ == SourceLanguage::kGo) {
    has_pending_ = true;
    pending_ = kind;
    ++i;
    return;
  }
  std::size_t open = i + 1;
  if (t_.is(open, "constexpr")) ++open;
  if (!t_.is(open, "(") || after_do) {
    ++i;
    return;
  }
  const std::size_t behind = t_.behind(open);
  for (std::size_t k = open + 1; k < behind; ++k) {
    if (const auto operation = locks_.at(k, function_.open)) apply(*operation, t_[k].line);
  }
  if (t_.is(behind, "{")) {
    has_pending_ = true;
    pending_ = kind;
    i = behind;
  } else {
    open_block(kind, i, statement_end(behind, 0));
    i = behind;
  }
}

/// The last token of the statement that begins at `i`.
std::size_t SourceWalk::statement_end(std::size_t i, int depth) const {
  if (depth > 50) return i;
  if (t_.is(i, "if") || t_.is(i, "for") || t_.is(i, "while") || t_.is(i, "switch")) {
    std::size_t end = statement_end(t_.is(i + 1, "(") ? t_.behind(i + 1) : i + 1, depth + 1);
    if (t_.is(i, "if") && t_.is(end + 1, "else")) end = statement_end(end + 2, depth + 1);
    return end;
  }
  for (; i < function_.close && i < t_.size(); ++i) {
    if (t_.is(i, "{")) {
      const std::size_t end = t_.behind(i) - 1;
      if (is_block_brace(i)) return end;
      i = end;
    } else if (t_.is(i, "(") || t_.is(i, "[")) {
      i = t_.behind(i) - 1;
    } else if (t_.is(i, ";")) {
      return i;
    }
  }
  return i == 0 ? 0 : i - 1;
}

void SourceWalk::open_block(BlockKind kind, std::size_t, std::size_t end) {
  Block block;
  block.kind = kind;
  block.end = end;
  if (kind == BlockKind::kIf && (else_ || else_if_)) {
    block.outcomes = std::move(pending_outcomes_);
    block.exhaustive = else_ && !else_if_;
    // The branches before have left the state of before the chain; see close_block.
  }
  else_ = else_if_ = false;
  pending_outcomes_.clear();
  block.before = state_;
  if (blocks_.size() < 200) blocks_.push_back(std::move(block));
}

void SourceWalk::close_blocks(std::size_t i) {
  while (!blocks_.empty() && blocks_.back().end <= i) close_block(i);
}

void SourceWalk::close_block(std::size_t i) {
  end_guards(level());
  Block block = std::move(blocks_.back());
  blocks_.pop_back();
  std::vector<WalkedState> ways = std::move(block.outcomes);
  if (!block.ended) ways.push_back(state_);
  switch (block.kind) {
    case BlockKind::kPlain:
      if (block.ended && !blocks_.empty()) blocks_.back().ended = true;
      return;
    case BlockKind::kIf:
      if (t_.is(i + 1, "else")) {
        pending_outcomes_ = std::move(ways);
        state_ = std::move(block.before);
        return;
      }
      if (!block.exhaustive) ways.push_back(block.before);
      break;
    case BlockKind::kDoLoop: break;
    case BlockKind::kLoop:
    case BlockKind::kSwitch:
    case BlockKind::kCatch: ways.push_back(block.before); break;
  }
  if (ways.empty()) {  // no way comes out
    state_ = std::move(block.before);
    if (!blocks_.empty()) blocks_.back().ended = true;
    return;
  }
  // A guard of the block is gone whichever way it was left.
  const std::uint32_t outer = level();
  for (WalkedState& way : ways) std::erase_if(way.held, [&](const WalkedHold& h) { return !h.variable.empty() && h.level > outer; });
  state_ = merge(ways);
}

/// break, continue: this way goes on behind the loop.
void SourceWalk::leave(std::size_t) {
  for (std::size_t k = blocks_.size(); k-- > 0;) {
    const BlockKind kind = blocks_[k].kind;
    if (kind != BlockKind::kLoop && kind != BlockKind::kDoLoop && kind != BlockKind::kSwitch) continue;
    if (blocks_[k].outcomes.size() < kMaximumHolds) blocks_[k].outcomes.push_back(state_);
    break;
  }
  if (!blocks_.empty()) blocks_.back().ended = true;
}

void SourceWalk::end_guards(std::uint32_t block_level) {
  std::erase_if(state_.held, [&](const WalkedHold& hold) {
    if (hold.variable.empty() || hold.level < block_level) return false;
    if (state_.released.size() < kMaximumHolds) state_.released.push_back(hold);
    return true;
  });
}

void SourceWalk::apply(const LockOperation& operation, std::uint32_t line) {
  using Kind = LockOperation::Kind;
  switch (operation.kind) {
    case Kind::kTake: return take(operation, line);
    case Kind::kGuard:
    case Kind::kDeferred:
      if (!operation.variable.empty()) guards_[operation.variable] = {operation.locks, operation.mode};
      if (operation.kind == Kind::kGuard) take(operation, line);
      return;
    case Kind::kAdopt:
      guards_[operation.variable] = {operation.locks, operation.mode};
      for (WalkedHold& hold : state_.held) {
        if (std::find(operation.locks.begin(), operation.locks.end(), hold.lock) == operation.locks.end()) continue;
        hold.variable = operation.variable;
        hold.level = level();
      }
      return;
    case Kind::kRelease: return release(operation);
    case Kind::kWait: return;  // over by the time that the walk has passed it
  }
}

void SourceWalk::take(const LockOperation& operation, std::uint32_t line) {
  std::vector<std::string> locks = operation.locks;
  LockMode mode = operation.mode;
  std::string variable = operation.variable;
  // `guard.lock()` takes what the guard guards.
  if (locks.size() == 1 && operation.kind == LockOperation::Kind::kTake) {
    if (const auto guard = guards_.find(locks.front()); guard != guards_.end()) {
      variable = guard->first;
      mode = guard->second.mode;
      locks = guard->second.locks;
    }
  }
  // A block's `synchronized` has no variable; its own word stands for one.
  if (operation.kind == LockOperation::Kind::kGuard && variable.empty()) variable = "synchronized";
  for (const std::string& lock : locks) {
    if (state_.held.size() >= kMaximumHolds) return;
    state_.held.push_back({lock, variable, mode, line, level(), operation.maybe});
  }
}

void SourceWalk::release(const LockOperation& operation) {
  std::vector<std::string> locks = operation.locks;
  bool by_guard = false;
  if (const auto guard = guards_.find(locks.empty() ? std::string() : locks.front()); guard != guards_.end()) {
    locks = guard->second.locks;
    by_guard = true;
  }
  for (const std::string& lock : locks) {
    // The mode counts where one lock is held both ways; C's unlock serves both.
    auto best = state_.held.rend();
    for (auto at = state_.held.rbegin(); at != state_.held.rend(); ++at) {
      if (at->lock != lock) continue;
      if (best == state_.held.rend() || (at->mode == operation.mode && best->mode != operation.mode && !by_guard)) best = at;
    }
    if (best == state_.held.rend()) continue;
    if (state_.released.size() < kMaximumHolds) state_.released.push_back(*best);
    state_.held.erase(std::next(best).base());
  }
}

}  // namespace tailback::analyze
