#include "replay/schedule/story.h"

#include <algorithm>
#include <map>

#include "replay/schedule/recorded_order.h"

namespace tailback::replay {
namespace {

Story begin(const Program& program, StoryKind kind) {
  Story story;
  story.kind = kind;
  story.program = std::make_unique<Program>(program);
  story.model = std::make_unique<Model>(*story.program);
  return story;
}

/// Makes a move of the story again. What was turned away by a policy that promises nothing is turned away again.
void repeat(Position& position, const Happened& happened) {
  Move move{happened.instance, MoveKind::kIssue, kNone};
  const bool ready = position.local(happened.instance).phase() == Phase::kReady;
  if (ready && happened.outcome == Outcome::kWaits) move.kind = MoveKind::kHeldOff;
  if (ready && happened.outcome == Outcome::kNotified && happened.admitted.size() == 1) move.partner = happened.admitted.front();
  position.apply(move);
}

Position after(const Story& story, std::size_t steps) {
  Position position(*story.model);
  for (std::size_t i = 0; i < steps; ++i) repeat(position, story.way[i]);
  return position;
}

// Who is stuck stays so: the first step with anybody stuck is found by halving.
void find_deadlock(Story& story) {
  after(story, story.way.size()).stuck(story.stuck);
  if (story.stuck.empty()) return;
  std::size_t good = 0, bad = story.way.size();
  std::vector<std::uint32_t> stuck;
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    after(story, middle).stuck(stuck);
    (stuck.empty() ? good : bad) = middle;
  }
  story.deadlock_at = bad - 1;
}

void as_recorded(Story& story) {
  Position position(*story.model);
  story.divergences = follow_order(position, [&](const Move& move) { story.way.push_back(position.apply(move)); });
  find_deadlock(story);
}

// Once some thread can't finish that never changes: the first such step is found by halving.
void find_no_return(Story& story, const ExploreLimits& limits) {
  if (story.stuck.empty()) return;
  const auto finishes = [&](std::size_t steps) { return can_finish(after(story, steps), limits); };
  std::size_t good = 0, bad = story.way.size();
  if (const CanFinish start = finishes(0); start != CanFinish::kYes) {
    story.no_return_known = start == CanFinish::kNo;
    return;
  }
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    switch (finishes(middle)) {
      case CanFinish::kYes:
        good = middle;
        break;
      case CanFinish::kNo:
        bad = middle;
        break;
      case CanFinish::kUnknown:
        story.no_return_known = false;
        return;
    }
  }
  story.no_return = bad - 1;
}

Story searched(const Program& program, const StoryLimits& limits, const Goal& goal = {}) {
  Program small = with_counts_capped(program, limits.threads);
  small.order.clear();
  Story story = begin(small, StoryKind::kShortest);
  Exploration found = explore(*story.model, limits.explore, goal);
  story.bound = found.bound;
  if (found.end != SearchEnd::kFound) return story;
  story.way = std::move(found.way);
  story.stuck = std::move(found.stuck);
  story.deadlock_at = story.way.empty() ? 0 : story.way.size() - 1;
  find_no_return(story, limits.explore);
  return story;
}

/// Each thread in turn as far as it comes.
void run_in_turn(Story& story) {
  Position position(*story.model);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::uint32_t i = 0; i < story.model->instances().size(); ++i) {
      while (position.can_move(i)) {
        story.way.push_back(position.apply({i, MoveKind::kIssue, kNone}));
        moved = true;
      }
    }
  }
  position.stuck(story.stuck);
}

/// On a program cut to the last sections of those that are stuck the question is small enough to be answered: whoever is stuck is so in these, and the rest only runs beside
/// them. (On a whole recording it took minutes, and met its limit.)
void no_return_from_sections(Story& story, const StoryLimits& limits) {
  const Program small = last_sections(story);
  for (const ProgramThread& thread : small.threads) {
    // Who could notify may be none of them.
    if (std::any_of(thread.steps.begin(), thread.steps.end(), [](const Step& step) { return step.kind == StepKind::kWait; })) return;
  }
  Story sections = begin(small, StoryKind::kRecorded);
  as_recorded(sections);
  find_no_return(sections, limits.explore);
  if (!sections.no_return) return;
  const Happened& step = sections.way[*sections.no_return];
  const std::uint32_t line = sections.model->thread_of(step.instance).steps[step.step].line;
  const std::string& thread = sections.model->thread_of(step.instance).name;
  for (std::size_t i = story.way.size(); i-- > 0;) {
    const Happened& happened = story.way[i];
    const ProgramThread& own = story.model->thread_of(happened.instance);
    if (own.name != thread || own.steps[happened.step].line != line || line == 0) continue;
    story.no_return = i;
    story.no_return_known = true;
  }
}

void add(std::map<std::string, std::uint64_t>& names, const std::string& name, LockMode mode) {
  ++names[name + (mode == LockMode::kShared ? " (shared)" : " (exclusive)")];
}

std::vector<std::string> texts(const std::map<std::string, std::uint64_t>& names) {
  std::vector<std::string> result;
  for (const auto& [name, count] : names) result.push_back(count == 1 ? name : name + " x " + std::to_string(count));
  return result;
}

std::vector<LockView> views_of(const Story& story, const Position& position) {
  struct Names {
    std::map<std::string, std::uint64_t> holders, waiting;
  };
  std::map<std::uint32_t, Names> locks;
  const Model& model = *story.model;
  for (std::uint32_t i = 0; i < model.instances().size(); ++i) {
    const Local local = position.local(i);
    const std::string& name = model.thread_of(i).name;
    const bool gave_up = local.phase() == Phase::kAsleep || local.phase() == Phase::kWoken;
    std::uint32_t given_up = gave_up ? position.step(i).other : kNone;
    const auto& holds = model.holds(i, local.step());
    for (std::size_t h = holds.size(); h-- > 0;) {
      if (holds[h].lock == given_up) {
        given_up = kNone;
        continue;
      }
      add(locks[holds[h].lock].holders, name, holds[h].mode);
    }
    if (local.phase() == Phase::kWaiting && position.step(i).kind == StepKind::kLock) add(locks[position.step(i).lock].waiting, name, position.step(i).mode);
    if (local.phase() == Phase::kWoken) add(locks[position.step(i).other].waiting, name, LockMode::kExclusive);
    if (local.phase() == Phase::kAsleep) ++locks[position.step(i).lock].waiting[name];
  }
  std::vector<LockView> views;
  for (const auto& [lock, names] : locks) views.push_back({lock, texts(names.holders), texts(names.waiting)});
  return views;
}

}  // namespace

Story recorded(const Program& program) {
  Story story = begin(program, StoryKind::kRecorded);
  as_recorded(story);
  return story;
}

Story tell(const Program& program, const StoryLimits& limits) {
  if (!program.order.empty()) {
    Story story = recorded(program);
    if (!story.stuck.empty()) no_return_from_sections(story, limits);
    if (!story.no_return) find_no_return(story, limits.explore);
    return story;
  }
  Story story = searched(program, limits);
  if (!story.stuck.empty()) return story;
  std::string bound = std::move(story.bound);
  story = begin(with_counts_capped(program, limits.threads), StoryKind::kExample);
  run_in_turn(story);
  story.bound = std::move(bound);
  return story;
}

Story shortest(const Program& program, const StoryLimits& limits) {
  if (program.order.empty()) return searched(program, limits);
  const Story whole = recorded(program);
  if (whole.stuck.empty()) return searched(program, limits);
  // Each of the threads is stuck for good in its last section, so a ring among these is the one that caught the others too.
  const Program sections = last_sections(whole);
  Story story = searched(sections, limits);
  story.caught = whole.stuck.size();
  return story;
}

Program last_sections(const Story& story) {
  Program result;
  result.locks = story.program->locks;
  result.sites = story.program->sites;
  const Position end = after(story, story.way.size());
  struct Kept {
    std::uint32_t thread;     // in result
    std::vector<bool> steps;  // of its own program
  };
  std::map<std::uint32_t, Kept> kept;  // by instance
  for (const std::uint32_t instance : story.stuck) {
    const ProgramThread& thread = story.model->thread_of(instance);
    const std::uint32_t at = end.local(instance).step();
    std::uint32_t first = at;
    while (first > 0 && !story.model->holds(instance, first).empty()) --first;
    ProgramThread part{story.model->name(instance), {}, 1, thread.line};
    std::vector<bool> own(thread.steps.size(), false);
    for (std::uint32_t i = first; i < thread.steps.size(); ++i) {
      const StepKind kind = thread.steps[i].kind;
      if (kind == StepKind::kTry && thread.steps[i].skip_to != kNone && thread.steps[i].skip_to <= at) {
        i = thread.steps[i].skip_to - 1;  // it is over, and would not have kept the thread waiting
        continue;
      }
      if (kind == StepKind::kStart || kind == StepKind::kJoin) continue;  // of threads that are not part of it
      part.steps.push_back(thread.steps[i]);
      own[i] = true;
    }
    kept.emplace(instance, Kept{static_cast<std::uint32_t>(result.threads.size()), std::move(own)});
    result.threads.push_back(std::move(part));
  }
  for (const Happened& happened : story.way) {
    const auto found = kept.find(happened.instance);
    if (found != kept.end() && found->second.steps[happened.step]) result.order.push_back(found->second.thread);
  }
  if (!check(result, "sections", true).ok()) result.order.clear();
  return result;
}

void walk(const Story& story, const std::function<bool(std::size_t)>& wanted, const std::function<void(std::size_t, const std::vector<LockView>&)>& visit) {
  Position position(*story.model);
  for (std::size_t i = 0; i < story.way.size(); ++i) {
    repeat(position, story.way[i]);
    if (wanted(i)) visit(i, views_of(story, position));
  }
}

}  // namespace tailback::replay
