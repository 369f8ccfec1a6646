#include "replay/schedule/recorded_order.h"

namespace tailback::replay {
namespace {

class Follower {
 public:
  Follower(const Position& position, const std::function<void(const Move&)>& apply)
      : position_(position), apply_(apply), by_thread_(position.model().program().threads.size()), deferred_(position.model().instances().size(), false) {
    const auto instances = position.model().instances();
    for (std::uint32_t i = 0; i < instances.size(); ++i) by_thread_[instances[i].thread].push_back(i);
  }

  std::uint64_t run() {
    for (const Turn& turn : position_.model().program().order) {
      if (turn.line == 0 || catch_up(turn)) take(turn);
    }
    ask_at_last();
    return divergences_;
  }

 private:
  /// Does what stands before the turn's step, as far as that goes. False when the step is gone, or can't be reached now.
  bool catch_up(const Turn& turn) {
    const std::uint32_t instance = by_thread_[turn.thread].front();
    while (!position_.at_end(instance) && position_.step(instance).line < turn.line && position_.can_move(instance)) {
      deferred_[instance] = false;
      move(instance);
    }
    if (position_.at_end(instance) || position_.step(instance).line > turn.line) return false;
    if (position_.step(instance).line == turn.line) return true;
    ++divergences_;
    return false;
  }

  void take(const Turn& turn) {
    switch (turn.kind) {
      case TurnKind::kRequest: {
        const std::uint32_t instance = by_thread_[turn.thread].front();
        if (waits(instance)) break;
        if (position_.admission_now(instance) == Admission::kBlocked) return move(instance);
        deferred_[instance] = true;
        return;
      }
      case TurnKind::kGrant: {
        const std::uint32_t instance = by_thread_[turn.thread].front();
        if (!deferred_[instance] && !waits(instance)) return;  // another's release has let it in already
        deferred_[instance] = false;
        if (position_.can_move(instance)) return move(instance);
        break;
      }
      case TurnKind::kMove:
        for (const std::uint32_t instance : by_thread_[turn.thread]) {
          if (!position_.can_move(instance)) continue;
          const bool late = position_.local(instance).phase() == Phase::kWaiting && position_.step(instance).kind == StepKind::kLock;
          move(instance);
          if (late && position_.can_move(instance)) move(instance);  // its grant had not been possible where it was recorded
          return;
        }
        break;
    }
    ++divergences_;
  }

  [[nodiscard]] bool waits(std::uint32_t instance) const { return position_.waits(instance); }
  void move(std::uint32_t instance) { apply_({instance, MoveKind::kIssue, kNone}); }

  // Each may be what the next one waits behind. What no order makes wait was about to be granted when the trace ended.
  void ask_at_last() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::uint32_t i = 0; i < deferred_.size(); ++i) {
        if (!deferred_[i]) continue;
        const Admission admission = position_.admission_now(i);
        if (admission == Admission::kGranted) continue;
        apply_({i, admission == Admission::kBlocked ? MoveKind::kIssue : MoveKind::kHeldOff, kNone});
        deferred_[i] = false;
        changed = true;
      }
    }
  }

  const Position& position_;
  const std::function<void(const Move&)>& apply_;
  std::vector<std::vector<std::uint32_t>> by_thread_;
  std::vector<bool> deferred_;  // by instance: asked where it need not have waited
  std::uint64_t divergences_ = 0;
};

}  // namespace

std::uint64_t follow_order(const Position& position, const std::function<void(const Move&)>& apply) { return Follower(position, apply).run(); }

}  // namespace tailback::replay
