#include "replay/schedule/model.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tailback::replay {
namespace {

// Two threads with equal keys are interchangeable.
using StepKey = std::tuple<StepKind, LockMode, bool, bool, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
using ThreadKey = std::pair<std::vector<StepKey>, std::uint32_t>;

ThreadKey key_of(const ProgramThread& thread, std::uint32_t distinct) {
  std::vector<StepKey> steps;
  steps.reserve(thread.steps.size());
  for (const Step& step : thread.steps) {
    steps.emplace_back(step.kind, step.mode, step.timed, step.assumed, step.lock, step.other, step.skip_to, step.site);
  }
  return {std::move(steps), distinct};
}

}  // namespace

Model::Model(const Program& program) : program_(&program), has_starter_(program.threads.size(), false) {
  holds_.reserve(program.threads.size());
  for (const ProgramThread& thread : program.threads) {
    holds_.emplace_back(thread);
    for (const Step& step : thread.steps) {
      if (step.kind == StepKind::kStart) has_starter_[step.other] = true;
    }
  }
  fifo_slot_.assign(program.locks.size(), kNone);
  for (std::uint32_t i = 0; i < program.locks.size(); ++i) {
    if (!program.locks[i].rule().rwlock || program.locks[i].policy != LockPolicy::kFifo) continue;
    fifo_slot_[i] = static_cast<std::uint32_t>(fifo_locks_.size());
    fifo_locks_.push_back(i);
  }
  group_threads();
}

void Model::group_threads() {
  const auto& threads = program_->threads;
  std::vector<bool> joined(threads.size(), false);
  for (const ProgramThread& thread : threads) {
    for (const Step& step : thread.steps) {
      if (step.kind == StepKind::kJoin) joined[step.other] = true;
    }
  }
  std::map<ThreadKey, std::uint32_t> known;
  std::vector<std::vector<std::uint32_t>> members;
  thread_group_.resize(threads.size());
  for (std::uint32_t i = 0; i < threads.size(); ++i) {
    // A join waits for one thread in particular; a start for any of those not yet started, so they stay apart from the rest.
    const std::uint32_t distinct = joined[i] ? i + 2 : has_starter_[i] ? 1 : 0;
    const auto [place, fresh] = known.try_emplace(key_of(threads[i], distinct), static_cast<std::uint32_t>(members.size()));
    if (fresh) members.emplace_back();
    members[place->second].push_back(i);
    thread_group_[i] = place->second;
  }
  for (std::uint32_t group = 0; group < members.size(); ++group) {
    groups_.push_back(static_cast<std::uint32_t>(instances_.size()));
    for (const std::uint32_t thread : members[group]) {
      for (std::uint32_t ordinal = 0; ordinal < threads[thread].count; ++ordinal) instances_.push_back({thread, ordinal, group});
    }
  }
  groups_.push_back(static_cast<std::uint32_t>(instances_.size()));
}

std::string Model::name(std::uint32_t instance) const {
  const Instance& it = instances_[instance];
  const ProgramThread& thread = program_->threads[it.thread];
  return thread.count == 1 ? thread.name : thread.name + "#" + std::to_string(it.ordinal + 1);
}

bool Model::will_notify(std::uint32_t instance, std::uint32_t step, std::uint32_t condition) const {
  const auto& steps = thread_of(instance).steps;
  return std::any_of(steps.begin() + std::min<std::size_t>(step, steps.size()), steps.end(), [&](const Step& later) {
    return (later.kind == StepKind::kNotify || later.kind == StepKind::kNotifyAll) && later.lock == condition;
  });
}

bool Model::will_start(std::uint32_t instance, std::uint32_t step, std::uint32_t thread) const {
  const auto& steps = thread_of(instance).steps;
  return std::any_of(steps.begin() + std::min<std::size_t>(step, steps.size()), steps.end(), [&](const Step& later) {
    return later.kind == StepKind::kStart && group_of_thread(later.other) == group_of_thread(thread);
  });
}

std::uint32_t Model::longest_program() const {
  std::size_t longest = 0;
  for (const ProgramThread& thread : program_->threads) longest = std::max(longest, thread.steps.size());
  return static_cast<std::uint32_t>(longest);
}

Position::Position(const Model& model)
    : model_(&model), locals_(model.instances().size()), occupancy_(model.program().locks.size()), queues_(model.fifo_locks().size()) {
  for (std::uint32_t i = 0; i < locals_.size(); ++i) {
    locals_[i] = Local::of(0, model.has_starter(model.instances()[i].thread) ? Phase::kUnstarted : Phase::kReady);
  }
}

bool Position::at_end(std::uint32_t instance) const { return locals_[instance].step() >= model_->thread_of(instance).steps.size(); }

const Step& Position::step(std::uint32_t instance) const { return model_->thread_of(instance).steps[locals_[instance].step()]; }

bool Position::waits(std::uint32_t instance) const {
  const Phase phase = locals_[instance].phase();
  return phase == Phase::kWaiting || phase == Phase::kAsleep || phase == Phase::kWoken;
}

// Adds or takes away what the instance contributes to the locks that it holds or waits for.
void Position::count(std::uint32_t instance, int sign) {
  const Local local = locals_[instance];
  const auto& holds = model_->holds(instance, local.step());
  const bool gave_up = local.phase() == Phase::kAsleep || local.phase() == Phase::kWoken;
  const std::uint32_t given_up = gave_up ? step(instance).other : kNone;
  bool skipped = false;
  for (std::size_t i = holds.size(); i-- > 0;) {
    if (holds[i].lock == given_up && !skipped) {
      skipped = true;  // the newest hold of it; an older one of a recursive lock stays
      continue;
    }
    // A thread counts once for a lock and mode, however often it took it.
    const bool counted = std::any_of(holds.begin(), holds.begin() + static_cast<std::ptrdiff_t>(i), [&](const StepHold& older) {
      return older.lock == holds[i].lock && older.mode == holds[i].mode;
    });
    if (counted) continue;
    Occupancy& occupancy = occupancy_[holds[i].lock];
    (holds[i].mode == LockMode::kExclusive ? occupancy.writers : occupancy.readers) += static_cast<std::uint32_t>(sign);
  }
  if (local.phase() == Phase::kWoken) occupancy_[given_up].waiting_writers += static_cast<std::uint32_t>(sign);
  if (local.phase() == Phase::kWaiting && step(instance).kind == StepKind::kLock) {
    Occupancy& occupancy = occupancy_[step(instance).lock];
    (step(instance).mode == LockMode::kExclusive ? occupancy.waiting_writers : occupancy.waiting_readers) += static_cast<std::uint32_t>(sign);
  }
}

void Position::set(std::uint32_t instance, Local local) {
  count(instance, -1);
  locals_[instance] = local;
  count(instance, +1);
}

void Position::enqueue(std::uint32_t lock, std::uint32_t instance) {
  if (const std::uint32_t slot = model_->fifo_slot(lock); slot != kNone) queues_[slot].push_back(instance);
}

void Position::dequeue(std::uint32_t lock, std::uint32_t instance) {
  if (const std::uint32_t slot = model_->fifo_slot(lock); slot != kNone) std::erase(queues_[slot], instance);
}

bool Position::writer_ahead(std::uint32_t lock, std::uint32_t instance) const {
  const std::uint32_t slot = model_->fifo_slot(lock);
  if (slot == kNone) return occupancy_[lock].waiting_writers > 0;
  for (const std::uint32_t other : queues_[slot]) {
    if (other == instance) return false;
    if (step(other).mode == LockMode::kExclusive) return true;
  }
  return false;
}

bool Position::anyone_ahead(std::uint32_t lock, std::uint32_t instance) const {
  const std::uint32_t slot = model_->fifo_slot(lock);
  return slot != kNone && !queues_[slot].empty() && queues_[slot].front() != instance;
}

/// Of the lock that the instance asks for, waits for, or wants back after a condition.
Admission Position::admission(std::uint32_t instance) const {
  const Step& asked = step(instance);
  const bool back = asked.kind == StepKind::kWait;
  const std::uint32_t lock = back ? asked.other : asked.lock;
  Meeting meeting;
  for (const StepHold& hold : model_->holds(instance, locals_[instance].step())) {
    if (hold.lock != lock) continue;
    (hold.mode == LockMode::kExclusive ? meeting.own_writes : meeting.own_reads) = true;
  }
  if (back) meeting.own_writes = meeting.own_reads = false;
  const Occupancy& occupancy = occupancy_[lock];
  meeting.other_writes = occupancy.writers > (meeting.own_writes ? 1u : 0u);
  meeting.other_reads = occupancy.readers > (meeting.own_reads ? 1u : 0u);
  const bool shared = !back && asked.mode == LockMode::kShared;
  meeting.writer_waits = shared && writer_ahead(lock, instance);
  meeting.anyone_ahead = !back && anyone_ahead(lock, instance);
  return admit(model_->program().locks[lock].rule(), shared ? LockMode::kShared : LockMode::kExclusive, meeting);
}

bool Position::thread_finished(std::uint32_t thread) const {
  const std::uint32_t group = model_->group_of_thread(thread);
  for (std::uint32_t i = model_->group_begin(group); i < model_->group_end(group); ++i) {
    if (model_->instances()[i].thread == thread && !(at_end(i) && locals_[i].phase() == Phase::kReady)) return false;
  }
  return true;
}

bool Position::can_move(std::uint32_t instance) const {
  const Phase phase = locals_[instance].phase();
  if (phase == Phase::kUnstarted || (phase == Phase::kReady && at_end(instance))) return false;
  const Step& now = step(instance);
  switch (phase) {
    case Phase::kReady:
      return now.kind != StepKind::kTry || now.skip_to != kNone || admission(instance) != Admission::kBlocked;
    case Phase::kWaiting:
      return now.kind == StepKind::kJoin ? thread_finished(now.other) : admission(instance) != Admission::kBlocked;
    case Phase::kAsleep:
      return now.timed;
    case Phase::kWoken:
      return admission(instance) == Admission::kGranted;
    default:
      return false;
  }
}

void Position::moves(std::vector<Move>& out) const {
  out.clear();
  for (std::uint32_t i = 0; i < locals_.size(); ++i) {
    if (i > 0 && model_->same_group(i - 1, i) && locals_[i - 1] == locals_[i]) continue;
    if (!can_move(i)) continue;
    if (locals_[i].phase() != Phase::kReady) {
      out.push_back({i, MoveKind::kGrant, kNone});
      continue;
    }
    const Step& now = step(i);
    if (now.kind == StepKind::kNotify) {
      const std::size_t before = out.size();
      for (std::uint32_t other = 0; other < locals_.size(); ++other) {
        if (locals_[other].phase() != Phase::kAsleep || step(other).lock != now.lock) continue;
        if (other > 0 && model_->same_group(other - 1, other) && locals_[other - 1] == locals_[other]) continue;
        out.push_back({i, MoveKind::kIssue, other});
      }
      if (out.size() > before) continue;
    }
    out.push_back({i, MoveKind::kIssue, kNone});
    const bool asks = now.kind == StepKind::kLock || now.kind == StepKind::kTry;
    if (asks && admission(i) == Admission::kMayBlock && (now.kind == StepKind::kLock || now.skip_to != kNone)) {
      out.push_back({i, MoveKind::kHeldOff, kNone});
    }
  }
}

Outcome Position::ask(std::uint32_t instance, const Step& asked, bool held_off) {
  const std::uint32_t index = locals_[instance].step();
  const bool granted = !held_off && admission(instance) != Admission::kBlocked;
  if (granted) {
    set(instance, Local::of(index + 1, Phase::kReady));
    return Outcome::kAcquired;
  }
  if (asked.kind == StepKind::kTry) {
    set(instance, Local::of(asked.skip_to == kNone ? index : asked.skip_to, Phase::kReady));
    return Outcome::kRefused;
  }
  set(instance, Local::of(index, Phase::kWaiting));
  enqueue(asked.lock, instance);
  return Outcome::kWaits;
}

// Readers that wait when a writer leaves enter with it, before the next writer.
void Position::after_release(std::uint32_t lock, LockMode mode, std::vector<std::uint32_t>& admitted) {
  const LockRule rule = model_->program().locks[lock].rule();
  const bool batches = rule.policy == LockPolicy::kPreferWriters || rule.policy == LockPolicy::kReentrant;
  if (!rule.rwlock || !batches || mode != LockMode::kExclusive) return;
  if (occupancy_[lock].writers > 0 || occupancy_[lock].waiting_readers == 0) return;
  for (std::uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i].phase() != Phase::kWaiting) continue;
    const Step& waiting = step(i);
    if (waiting.kind != StepKind::kLock || waiting.lock != lock || waiting.mode != LockMode::kShared) continue;
    set(i, Local::of(locals_[i].step() + 1, Phase::kReady));
    admitted.push_back(i);
  }
}

void Position::wake(const Move& move, const Step& notify, std::vector<std::uint32_t>& admitted) {
  for (std::uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i].phase() != Phase::kAsleep || step(i).lock != notify.lock) continue;
    if (notify.kind == StepKind::kNotify && move.partner != kNone && i != move.partner) continue;
    set(i, Local::of(locals_[i].step(), Phase::kWoken));
    admitted.push_back(i);
    if (notify.kind == StepKind::kNotify) return;
  }
}

// A scenario's line stands for `count` threads, and starting it starts them all.
void Position::start(const Step& starting, std::vector<std::uint32_t>& admitted) {
  std::uint32_t left = model_->program().threads[starting.other].count;
  const std::uint32_t group = model_->group_of_thread(starting.other);
  for (std::uint32_t i = model_->group_begin(group); i < model_->group_end(group) && left > 0; ++i) {
    if (locals_[i].phase() != Phase::kUnstarted) continue;
    set(i, Local::of(0, Phase::kReady));
    admitted.push_back(i);
    --left;
  }
}

Outcome Position::issue(std::uint32_t instance, const Move& move, std::vector<std::uint32_t>& admitted) {
  const std::uint32_t index = locals_[instance].step();
  const Step& now = step(instance);
  const Local next = Local::of(index + 1, Phase::kReady);
  switch (now.kind) {
    case StepKind::kLock:
    case StepKind::kTry:
      return ask(instance, now, move.kind == MoveKind::kHeldOff);
    case StepKind::kUnlock:
      set(instance, next);
      after_release(now.lock, now.mode, admitted);
      return Outcome::kReleased;
    case StepKind::kWait:
      set(instance, Local::of(index, Phase::kAsleep));
      after_release(now.other, LockMode::kExclusive, admitted);
      return Outcome::kSleeps;
    case StepKind::kNotify:
    case StepKind::kNotifyAll:
      set(instance, next);
      wake(move, now, admitted);
      return admitted.empty() ? Outcome::kLost : Outcome::kNotified;
    case StepKind::kStart:
      set(instance, next);
      start(now, admitted);
      return Outcome::kStarted;
    case StepKind::kJoin: {
      const bool done = thread_finished(now.other);
      set(instance, done ? next : Local::of(index, Phase::kWaiting));
      return done ? Outcome::kJoined : Outcome::kWaits;
    }
  }
  return Outcome::kWaits;
}

Happened Position::apply(const Move& move) {
  Happened happened{move.instance, locals_[move.instance].step(), Outcome::kAcquired, {}};
  const Local local = locals_[move.instance];
  switch (local.phase()) {
    case Phase::kReady:
      happened.outcome = issue(move.instance, move, happened.admitted);
      break;
    case Phase::kWaiting: {
      const Step& waited = step(move.instance);
      if (waited.kind == StepKind::kLock) dequeue(waited.lock, move.instance);
      happened.outcome = waited.kind == StepKind::kJoin ? Outcome::kJoined : Outcome::kAcquired;
      set(move.instance, Local::of(local.step() + 1, Phase::kReady));
      break;
    }
    case Phase::kAsleep:
      happened.outcome = Outcome::kWoke;
      set(move.instance, Local::of(local.step(), Phase::kWoken));
      break;
    case Phase::kWoken:
      happened.outcome = Outcome::kAcquired;
      set(move.instance, Local::of(local.step() + 1, Phase::kReady));
      break;
    case Phase::kUnstarted:
      break;
  }
  return happened;
}

bool Position::finished() const {
  for (std::uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i].phase() == Phase::kUnstarted) continue;  // its starter's section was skipped, or it is not at its end
    if (locals_[i].phase() != Phase::kReady || !at_end(i)) return false;
  }
  return true;
}

void Position::make_canonical() {
  const bool queued = !queues_.empty();
  for (std::uint32_t group = 0; group < model_->group_count(); ++group) {
    const std::uint32_t begin = model_->group_begin(group), end = model_->group_end(group);
    if (end - begin < 2) continue;
    const auto first = locals_.begin() + begin, last = locals_.begin() + end;
    if (!queued) {
      std::sort(first, last);
      continue;
    }
    // Equal threads stand in the order of their arrival in a queue, so that the first of them is the one to be granted.
    std::vector<std::uint32_t> place(locals_.size(), kNone), from(end - begin), to(end - begin);
    for (const auto& queue : queues_) {
      for (std::uint32_t i = 0; i < queue.size(); ++i) place[queue[i]] = i;
    }
    for (std::uint32_t i = 0; i < from.size(); ++i) from[i] = begin + i;
    std::sort(from.begin(), from.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tie(locals_[a], place[a], a) < std::tie(locals_[b], place[b], b);
    });
    std::vector<Local> sorted(from.size());
    for (std::uint32_t i = 0; i < from.size(); ++i) {
      sorted[i] = locals_[from[i]];
      to[from[i] - begin] = begin + i;
    }
    std::copy(sorted.begin(), sorted.end(), first);
    for (auto& queue : queues_) {
      for (std::uint32_t& instance : queue) {
        if (instance >= begin && instance < end) instance = to[instance - begin];
      }
    }
  }
}

void Position::encode(std::vector<std::uint16_t>& out) const {
  out.clear();
  for (const Local local : locals_) out.push_back(static_cast<std::uint16_t>(local.word));
  for (const auto& queue : queues_) {
    out.push_back(static_cast<std::uint16_t>(queue.size()));
    for (const std::uint32_t instance : queue) out.push_back(static_cast<std::uint16_t>(instance));
  }
}

void Position::load(std::span<const std::uint16_t> words) {
  std::fill(occupancy_.begin(), occupancy_.end(), Occupancy{});
  for (std::uint32_t i = 0; i < locals_.size(); ++i) {
    locals_[i] = {words[i]};
    count(i, +1);
  }
  std::size_t at = locals_.size();
  for (auto& queue : queues_) {
    const std::size_t size = words[at++];
    queue.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
}

}  // namespace tailback::replay
