#include "replay/schedule/requests.h"

#include <algorithm>

namespace tailback::replay {
namespace {

LockRule rule_at(std::span<const LockRule> rules, std::uint32_t lock) { return lock < rules.size() ? rules[lock] : LockRule{}; }

std::vector<HeldLock> strongest(const std::vector<StepHold>& holds, std::uint32_t given_up) {
  std::vector<HeldLock> held;
  for (std::size_t i = 0; i < holds.size(); ++i) {
    const StepHold& hold = holds[i];
    if (hold.lock == given_up) continue;
    const auto known = std::find_if(held.begin(), held.end(), [&](const HeldLock& other) { return other.lock == hold.lock; });
    if (known == held.end()) {
      held.push_back({hold.lock, hold.mode, hold.step});
    } else if (hold.mode == LockMode::kExclusive) {
      known->mode = hold.mode;
    }
  }
  std::sort(held.begin(), held.end());
  return held;
}

}  // namespace

const HeldLock* Request::holds(std::uint32_t wanted) const {
  const auto found = std::find_if(held.begin(), held.end(), [&](const HeldLock& hold) { return hold.lock == wanted; });
  return found == held.end() ? nullptr : &*found;
}

std::optional<Blocking> blocked_by(std::span<const LockRule> rules, const Request& u, const Request& v) {
  const LockRule rule = rule_at(rules, u.lock);
  if (const HeldLock* hold = v.holds(u.lock); hold != nullptr && hold_blocks(rule, u.mode, hold->mode, false)) return Blocking::kHolder;
  if (u.lock != v.lock || u.mode != LockMode::kShared || v.mode != LockMode::kExclusive) return std::nullopt;
  if (!waiting_writer_blocks(rule, u.holds(u.lock) != nullptr)) return std::nullopt;
  return Blocking::kWaitingWriter;
}

bool blocks_itself(std::span<const LockRule> rules, const Request& request) {
  const HeldLock* own = request.holds(request.lock);
  return own != nullptr && hold_blocks(rule_at(rules, request.lock), request.mode, own->mode, true);
}

std::uint32_t gate_between(const Request& a, const Request& b) {
  for (const HeldLock& hold : a.held) {
    const HeldLock* other = b.holds(hold.lock);
    if (other != nullptr && (hold.mode == LockMode::kExclusive || other->mode == LockMode::kExclusive)) return hold.lock;
  }
  return kNone;
}

bool granted_anyway(const LockRule& rule, const HeldLock* own, LockMode asked) {
  if (own == nullptr) return false;
  if (rule.recursive) return true;
  return rule.rwlock && rule.policy == LockPolicy::kReentrant && (own->mode == LockMode::kExclusive || asked == LockMode::kShared);
}

std::vector<LockRule> rules_of(const Program& program) {
  std::vector<LockRule> rules;
  for (const ProgramLock& lock : program.locks) rules.push_back(lock.rule());
  return rules;
}

std::vector<Request> requests_of(const Program& program, const PatternLimits& limits) {
  std::vector<Request> requests;
  std::vector<bool> joined(program.threads.size(), false);
  for (const ProgramThread& thread : program.threads) {
    for (const Step& step : thread.steps) {
      if (step.kind == StepKind::kJoin) joined[step.other] = true;
    }
  }
  std::uint32_t next_thread = 0;
  const auto locks = static_cast<std::uint32_t>(program.locks.size());
  for (std::uint32_t t = 0; t < program.threads.size(); ++t) {
    const ProgramThread& thread = program.threads[t];
    const HoldTable holds(thread);
    std::vector<std::uint32_t> threads;
    for (std::uint32_t i = 0; i < std::min(thread.count, limits.length); ++i) threads.push_back(next_thread++);
    for (std::uint32_t i = 0; i < thread.steps.size(); ++i) {
      const Step& step = thread.steps[i];
      const bool back = step.kind == StepKind::kWait;
      if (step.kind != StepKind::kLock && step.kind != StepKind::kJoin && !back) continue;
      Request request;
      request.lock = step.kind == StepKind::kJoin ? locks + step.other : back ? step.other : step.lock;
      request.mode = step.kind == StepKind::kLock ? step.mode : LockMode::kExclusive;
      request.held = strongest(holds.before(i), back ? step.other : kNone);
      const HeldLock* own = request.holds(request.lock);
      if (request.lock < locks && granted_anyway(program.locks[request.lock].rule(), own, request.mode)) continue;
      if (joined[t]) request.held.push_back({locks + t, LockMode::kExclusive, kNone});
      request.threads = threads;
      request.thread = t;
      request.step = i;
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

}  // namespace tailback::replay
