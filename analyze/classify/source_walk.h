// Walks one function's body up to a place and keeps what is held on the way there.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyze/classify/source_functions.h"
#include "analyze/classify/source_locks.h"

namespace tailback::analyze {

/// A lock taken on the way.
struct WalkedHold {
  std::string lock;
  std::string variable;          ///< of the guard; empty: taken by hand
  LockMode mode = LockMode::kExclusive;
  std::uint32_t line = 0;
  std::uint32_t level = 0;       ///< depth of the block with whose end a guard ends
  bool maybe = false;

  friend bool operator==(const WalkedHold&, const WalkedHold&) = default;
};

struct WalkedState {
  std::vector<WalkedHold> held, released;
};

/// The walk takes the straight way to the place: into the blocks that contain it, past those that don't. What such a block
/// took or released counts if every way through it comes out that way; else the lock is held `maybe`. Ways that end in return, throw,
/// break or panic don't come out. Closures are passed over: they run at another time.
class SourceWalk {
 public:
  SourceWalk(const SourceTokens& tokens, SourceLanguage language, const LockReader& locks, const std::vector<SourceFunction>& functions,
             const SourceFunction& function);

  /// The state before token `place` of the function's body.
  [[nodiscard]] WalkedState until(std::size_t place);

 private:
  enum class BlockKind : std::uint8_t { kPlain, kIf, kLoop, kDoLoop, kSwitch, kCatch };

  struct Block {
    BlockKind kind = BlockKind::kPlain;
    std::size_t end = 0;               ///< last token
    WalkedState before;                ///< when it was entered
    std::vector<WalkedState> outcomes; ///< of other ways to its end: branches before, breaks
    bool ended = false;                ///< the way that is walked has ended in it: return, throw, break
    bool exhaustive = false;           ///< an else: one of the branches is taken
  };

  void step(std::size_t& i, std::size_t place);
  void word(std::size_t& i, std::size_t place);
  void open_block(BlockKind kind, std::size_t first, std::size_t end);
  void close_blocks(std::size_t i);
  void close_block(std::size_t i);
  void header(std::size_t& i, BlockKind kind);
  void leave(std::size_t i);
  void apply(const LockOperation& operation, std::uint32_t line);
  void take(const LockOperation& operation, std::uint32_t line);
  void release(const LockOperation& operation);
  void end_guards(std::uint32_t level);
  [[nodiscard]] std::size_t statement_end(std::size_t i, int depth) const;
  [[nodiscard]] std::size_t closure_end(std::size_t i) const;
  [[nodiscard]] bool is_block_brace(std::size_t i) const;
  [[nodiscard]] std::uint32_t level() const { return static_cast<std::uint32_t>(blocks_.size()); }

  struct GuardVariable {
    std::vector<std::string> locks;
    LockMode mode;
  };

  const SourceTokens& t_;
  SourceLanguage language_;
  const LockReader& locks_;
  const SourceFunction& function_;
  std::unordered_map<std::size_t, std::size_t> closures_;  ///< first token → last token
  std::vector<Block> blocks_;
  WalkedState state_;
  std::unordered_map<std::string, GuardVariable> guards_;
  BlockKind pending_ = BlockKind::kPlain;  ///< Go: the kind of the next brace
  bool has_pending_ = false;
  std::vector<WalkedState> pending_outcomes_;  ///< of the branches of an if before its else
  bool else_ = false, else_if_ = false;
  WalkedState before_chain_;
};

}  // namespace tailback::analyze
