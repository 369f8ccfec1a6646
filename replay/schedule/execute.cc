// execute(): from a program back to a trace, by running it in the model.
#include "replay/schedule/recorded_order.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {
namespace {

class Execution {
 public:
  explicit Execution(const Program& program) : model_(program), position_(model_) {
    trace_.names().locks = program.locks;
    trace_.names().places = program.sites;
    for (std::uint32_t i = 0; i < model_.instances().size(); ++i) trace_.names().threads.push_back(model_.name(i));
    by_thread_.resize(program.threads.size());
    for (std::uint32_t i = 0; i < model_.instances().size(); ++i) by_thread_[model_.instances()[i].thread].push_back(i);
  }

  Trace run() {
    follow_order(position_, [this](const Move& turn) { move(turn); });
    for (bool moved = true; moved;) {
      moved = false;
      for (std::uint32_t i = 0; i < model_.instances().size(); ++i) {
        for (; position_.can_move(i); moved = true) move({i, MoveKind::kIssue, kNone});
      }
    }
    return std::move(trace_);
  }

 private:
  void move(const Move& made) {
    const std::uint32_t instance = made.instance;
    const bool woken = position_.local(instance).phase() == Phase::kWoken;
    const Happened happened = position_.apply(made);
    const Step& step = model_.thread_of(instance).steps[happened.step];
    switch (happened.outcome) {
      case Outcome::kAcquired:
        record(step.kind == StepKind::kTry ? TraceOperation::kTryAcquire : TraceOperation::kAcquire, instance, step, woken ? step.other : step.lock, kNone);
        break;
      case Outcome::kWaits:
        if (step.kind == StepKind::kLock) record(TraceOperation::kRequest, instance, step, step.lock, kNone);
        break;
      case Outcome::kReleased:
        record(TraceOperation::kRelease, instance, step, step.lock, kNone);
        break;
      case Outcome::kSleeps:
        record(TraceOperation::kWait, instance, step, step.lock, step.other);
        break;
      case Outcome::kNotified:
      case Outcome::kLost:
        record(step.kind == StepKind::kNotify ? TraceOperation::kNotify : TraceOperation::kNotifyAll, instance, step, step.lock, kNone);
        break;
      case Outcome::kJoined:
        for (const std::uint32_t joined : by_thread_[step.other]) record(TraceOperation::kJoin, instance, step, kNone, joined);
        break;
      case Outcome::kStarted:
        for (const std::uint32_t started : happened.admitted) record(TraceOperation::kStart, instance, step, kNone, started);
        return;
      case Outcome::kRefused:
      case Outcome::kWoke:
        break;
    }
    // Readers that a writer's release let in.
    for (const std::uint32_t admitted : happened.admitted) {
      if (position_.local(admitted).phase() != Phase::kReady) continue;  // woken: it still has to take its lock
      const Step& own = model_.thread_of(admitted).steps[position_.local(admitted).step() - 1];
      record(TraceOperation::kAcquire, admitted, own, own.lock, kNone);
    }
  }

  void record(TraceOperation operation, std::uint32_t thread, const Step& step, std::uint32_t lock, std::uint32_t other) {
    trace_.events().push_back({operation, step.kind == StepKind::kWait ? LockMode::kExclusive : step.mode, thread, lock, other, step.site});
  }

  Model model_;
  Position position_;
  Trace trace_;
  std::vector<std::vector<std::uint32_t>> by_thread_;
};

}  // namespace

Trace execute(const Program& program) { return Execution(program).run(); }

}  // namespace tailback::replay
