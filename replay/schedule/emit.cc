#include "replay/schedule/emit.h"

#include <algorithm>
#include <map>

namespace tailback::replay {
namespace {

bool is_operation(const Step& step) { return step.kind != StepKind::kStart && step.kind != StepKind::kJoin; }

/// Whether the order of the two on their lock matters: two readers may come and go as they like.
bool ordered(const schedule_step& a, LockMode a_mode, const schedule_step& b, LockMode b_mode) {
  return a.lock == b.lock && (a_mode == LockMode::kExclusive || b_mode == LockMode::kExclusive);
}

/// Whether `later` comes after `earlier` already by what `later`'s direct predecessors come after.
bool implied(const schedule& plan, const std::vector<std::uint32_t>& thread_before, std::uint32_t earlier, std::uint32_t later) {
  std::vector<std::uint32_t> open{later};
  std::vector<bool> seen(plan.steps.size(), false);
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    std::vector<std::uint32_t> before = plan.steps[at].after;
    if (thread_before[at] != kNone) before.push_back(thread_before[at]);
    for (const std::uint32_t one : before) {
      if (one == earlier) return true;
      if (one < earlier || seen[one]) continue;
      seen[one] = true;
      open.push_back(one);
    }
  }
  return false;
}

}  // namespace

schedule schedule_of(const Story& story) {
  schedule plan;
  plan.expectation = story.stuck.empty() ? schedule_expectation::completes : schedule_expectation::deadlocks;
  const Model& model = *story.model;
  std::vector<LockMode> modes;
  std::vector<std::uint32_t> thread_before;
  std::map<std::uint32_t, std::uint32_t> last_of_thread;
  std::vector<bool> waiting(model.instances().size(), false);
  for (const Happened& happened : story.way) {
    const Step& step = model.thread_of(happened.instance).steps[happened.step];
    const bool granted_later = waiting[happened.instance];
    waiting[happened.instance] = happened.outcome == Outcome::kWaits || happened.outcome == Outcome::kSleeps || (granted_later && happened.outcome == Outcome::kWoke);
    if (granted_later || !is_operation(step) || step.assumed) continue;
    schedule_step made{model.name(happened.instance), 0, std::string(verb_of(*story.program, step)), story.program->locks[step.lock].name,
                       happened.outcome == Outcome::kWaits || happened.outcome == Outcome::kSleeps, {}};
    if (made.operation.starts_with("timed")) made.operation = step.kind == StepKind::kWait ? "wait" : "try" + made.operation.substr(5);
    const auto& steps = model.thread_of(happened.instance).steps;
    made.number = 1 + static_cast<std::uint32_t>(std::count_if(steps.begin(), steps.begin() + happened.step, is_operation));
    const auto index = static_cast<std::uint32_t>(plan.steps.size());
    const auto last = last_of_thread.find(happened.instance);
    thread_before.push_back(last == last_of_thread.end() ? kNone : last->second);
    last_of_thread[happened.instance] = index;
    modes.push_back(step.mode);
    plan.steps.push_back(std::move(made));
    for (std::uint32_t earlier = index; earlier-- > 0;) {
      if (plan.steps[earlier].thread == plan.steps[index].thread) continue;
      if (!ordered(plan.steps[earlier], modes[earlier], plan.steps[index], modes[index]) || implied(plan, thread_before, earlier, index)) continue;
      plan.steps[index].after.push_back(earlier);
    }
    std::sort(plan.steps[index].after.begin(), plan.steps[index].after.end());
  }
  return plan;
}

Story same_order(const Story& story, const Program& fixed) {
  Program program = fixed;
  program.order.clear();
  for (const Happened& happened : story.way) {
    const std::uint32_t thread = program.find_thread(story.model->thread_of(happened.instance).name);
    if (thread != kNone) program.order.push_back(thread);
  }
  // Then everybody to the end: turns that are not possible are passed over.
  std::size_t turns = 0;
  for (const ProgramThread& thread : program.threads) turns += 2 * thread.steps.size();
  for (std::size_t i = 0; i < turns; ++i) {
    for (std::uint32_t thread = 0; thread < program.threads.size(); ++thread) program.order.push_back(thread);
  }
  Story result = tell(with_counts_capped(program, 1));
  result.divergences = 0;  // turns of threads that were at their end
  return result;
}

}  // namespace tailback::replay
