// Position::stuck(): the greatest set of waiting threads none of which anybody outside the set can release.
//
// Begins with all that wait and drops each that somebody outside may still let go on, until nothing changes. A thread that holds a lock
// and runs will release it; one that is dropped will too.
#include <algorithm>

#include "replay/schedule/model.h"

namespace tailback::replay {

struct Position::Doom {
  explicit Doom(const Position& position)
      : at(position), model(position.model()), in(position.locals_.size(), false), locks(position.occupancy_.size()) {
    for (std::uint32_t i = 0; i < in.size(); ++i) {
      in[i] = begins_in(i);
      if (in[i]) count(i, +1);
    }
  }

  [[nodiscard]] bool begins_in(std::uint32_t i) const {
    const Phase phase = at.local(i).phase();
    if (phase == Phase::kReady) return false;
    return !(phase == Phase::kAsleep && at.step(i).timed);
  }

  // Holds and pending writes of the threads in the set.
  void count(std::uint32_t i, int sign) {
    const auto delta = static_cast<std::uint32_t>(sign);
    const Phase phase = at.local(i).phase();
    if (phase == Phase::kUnstarted) return;
    const bool gave_up = phase == Phase::kAsleep || phase == Phase::kWoken;
    std::uint32_t given_up = gave_up ? at.step(i).other : kNone;
    const auto& holds = model.holds(i, at.local(i).step());
    for (std::size_t h = holds.size(); h-- > 0;) {
      if (holds[h].lock == given_up) {
        given_up = kNone;
        continue;
      }
      (holds[h].mode == LockMode::kExclusive ? locks[holds[h].lock].writers : locks[holds[h].lock].readers) += delta;
    }
    if (phase == Phase::kWoken) locks[at.step(i).other].waiting_writers += delta;
    if (phase != Phase::kWaiting || at.step(i).kind != StepKind::kLock) return;
    if (at.step(i).mode == LockMode::kExclusive) locks[at.step(i).lock].waiting_writers += delta;
  }

  [[nodiscard]] bool doomed_writer_ahead(std::uint32_t lock, std::uint32_t i) const {
    const std::uint32_t slot = model.fifo_slot(lock);
    if (slot == kNone) return locks[lock].waiting_writers > 0;
    for (const std::uint32_t other : at.queues_[slot]) {
      if (other == i) return false;
      if (in[other] && at.step(other).mode == LockMode::kExclusive) return true;
    }
    return false;
  }

  [[nodiscard]] bool lock_never_comes(std::uint32_t i, std::uint32_t lock, LockMode mode) const {
    const Occupancy& doomed = locks[lock];
    if (doomed.writers > 0) return true;
    if (mode == LockMode::kExclusive) return doomed.readers > 0;
    const auto& holds = model.holds(i, at.local(i).step());
    const bool own = std::any_of(holds.begin(), holds.end(), [&](const StepHold& hold) { return hold.lock == lock; });
    return waiting_writer_blocks(model.program().locks[lock].rule(), own) && doomed_writer_ahead(lock, i);
  }

  template <class Will>
  [[nodiscard]] bool nobody_outside(Will will) const {
    for (std::uint32_t i = 0; i < in.size(); ++i) {
      if (!in[i] && will(i)) return false;
    }
    return true;
  }

  [[nodiscard]] bool never_goes_on(std::uint32_t i) const {
    const Phase phase = at.local(i).phase();
    if (phase == Phase::kUnstarted) {
      return nobody_outside([&](std::uint32_t other) { return model.will_start(other, at.local(other).step(), model.instances()[i].thread); });
    }
    const Step& step = at.step(i);
    if (phase == Phase::kWoken) return lock_never_comes(i, step.other, LockMode::kExclusive);
    if (phase == Phase::kAsleep) {
      return nobody_outside([&](std::uint32_t other) { return model.will_notify(other, at.local(other).step(), step.lock); });
    }
    if (step.kind == StepKind::kLock) return lock_never_comes(i, step.lock, step.mode);
    const std::uint32_t group = model.group_of_thread(step.other);
    for (std::uint32_t other = model.group_begin(group); other < model.group_end(group); ++other) {
      if (in[other] && model.instances()[other].thread == step.other) return true;
    }
    return false;
  }

  const Position& at;
  const Model& model;
  std::vector<bool> in;
  std::vector<Occupancy> locks;
};

void Position::stuck(std::vector<std::uint32_t>& out) const {
  out.clear();
  const bool any = std::any_of(locals_.begin(), locals_.end(), [](Local local) {
    return local.phase() != Phase::kReady && local.phase() != Phase::kUnstarted;
  });
  if (!any) return;
  Doom doom(*this);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::uint32_t i = 0; i < doom.in.size(); ++i) {
      if (!doom.in[i] || doom.never_goes_on(i)) continue;
      doom.in[i] = false;
      doom.count(i, -1);
      changed = true;
    }
  }
  for (std::uint32_t i = 0; i < doom.in.size(); ++i) {
    if (doom.in[i] && locals_[i].phase() != Phase::kUnstarted) out.push_back(i);
  }
}

}  // namespace tailback::replay
