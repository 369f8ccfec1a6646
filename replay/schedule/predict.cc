#include "replay/schedule/predict.h"

#include <algorithm>
#include <map>
#include <set>

#include "replay/schedule/ring_text.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kMaxWritersTried = 16;  // of one ring
constexpr std::size_t kMaxInversions = 1'000;

bool synchronises(const Program& program) {
  for (const ProgramThread& thread : program.threads) {
    for (const Step& step : thread.steps) {
      if (step.kind != StepKind::kLock && step.kind != StepKind::kTry && step.kind != StepKind::kUnlock) return true;
    }
  }
  return false;
}

RingNames names_of(const Program& program) {
  const auto locks = static_cast<std::uint32_t>(program.locks.size());
  return {
      [&program, locks](std::uint32_t lock) { return lock < locks ? program.locks[lock].name : "the end of " + program.threads[lock - locks].name; },
      [&program](const Request& request) { return request.thread == kNone ? "nobody" : program.threads[request.thread].name; },
      [&program](const Request& request) { return request.thread == kNone ? "nowhere" : place_of(program, request.thread, request.step); },
      [&program](const Request& request, const HeldLock& hold) { return place_of(program, request.thread, hold.step); },
      [&program](const Request& request) { return request.thread == kNone ? 0 : std::uint64_t{program.threads[request.thread].count} - 1; },
  };
}

/// Whether every request of the pattern is pending and stuck, each by a thread of its own.
bool reached(const Position& position, std::span<const std::uint32_t> stuck, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& wanted) {
  std::vector<bool> used(stuck.size(), false);
  for (const auto& [thread, step] : wanted) {
    bool found = false;
    for (std::size_t i = 0; i < stuck.size() && !found; ++i) {
      const std::uint32_t instance = stuck[i];
      const bool same = position.model().group_of_thread(thread) == position.model().instances()[instance].group;
      if (used[i] || !same || position.local(instance).step() != step || position.local(instance).phase() == Phase::kAsleep) continue;
      used[i] = found = true;
    }
    if (!found) return false;
  }
  return true;
}

class ProgramPrediction {
 public:
  ProgramPrediction(const Program& program, const PredictOptions& options)
      : program_(program), options_(options), synchronises_(synchronises(program)), rules_(rules_of(program)),
        requests_(requests_of(program, options.patterns)), names_(names_of(program)) {}

  PredictReport run() {
    report_.threads = program_.thread_count();
    report_.requests = requests_.size();
    const PatternSearch search = find_patterns(rules_, requests_, options_.patterns);
    report_.patterns = search.patterns.size();
    if (search.truncated) {
      report_.bounds.push_back("rings of up to " + std::to_string(options_.patterns.length) + " threads, the first " +
                               std::to_string(search.patterns.size()) + "; there may be more");
    }
    std::map<std::vector<std::uint32_t>, std::vector<const Pattern*>> rings;
    for (const Pattern& pattern : search.patterns) rings[without_writers(pattern, requests_)].push_back(&pattern);
    for (const auto& [key, patterns] : rings) try_ring(patterns);
    if (synchronises_) anything_else();
    hazards(rings);
    inversions();
    return std::move(report_);
  }

 private:
  // Start, join and conditions tie threads together; without them only those of the ring matter.
  Program slice_of(const Pattern& pattern) const {
    Program slice = program_;
    slice.order.clear();
    if (synchronises_) return with_counts_capped(slice, options_.patterns.length);
    std::vector<std::uint32_t> uses(program_.threads.size(), 0);
    for (const std::uint32_t request : pattern.requests) ++uses[requests_[request].thread];
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (uses[i] == 0) slice.threads[i].steps.clear();
      slice.threads[i].count = std::max(uses[i], 1u);
    }
    return slice;
  }

  std::vector<std::pair<std::uint32_t, std::uint32_t>> wanted_by(const Pattern& pattern) const {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> wanted;
    for (const std::uint32_t request : pattern.requests) wanted.emplace_back(requests_[request].thread, requests_[request].step);
    return wanted;
  }

  void try_ring(const std::vector<const Pattern*>& patterns) {
    std::optional<Prediction> confirmed;
    SearchEnd worst = SearchEnd::kExhausted;
    std::string bound;
    std::size_t tried = 0;
    for (const Pattern* pattern : patterns) {
      if (tried++ >= kMaxWritersTried) break;
      Program slice = slice_of(*pattern);
      const auto wanted = wanted_by(*pattern);
      Exploration found = explore(Model(slice), options_.explore, [&](const Position& position, std::span<const std::uint32_t> stuck) {
        return reached(position, stuck, wanted);
      });
      if (found.end == SearchEnd::kBounded) {
        worst = SearchEnd::kBounded;
        bound = found.bound;
      }
      if (found.end != SearchEnd::kFound) continue;
      confirmed_.push_back(wanted);
      if (!confirmed) {
        confirmed = describe(names_, rules_, requests_, *pattern);
        confirmed->program = std::move(slice);
        confirmed->way = std::move(found.way);
        confirmed->stuck = std::move(found.stuck);
        confirmed->states = found.states;
      }
      add_writers(*confirmed, *pattern);
    }
    if (confirmed) {
      report_.deadlocks.push_back(std::move(*confirmed));
    } else if (worst == SearchEnd::kBounded) {
      const Prediction shape = describe(names_, rules_, requests_, *patterns.front());
      report_.bounds.push_back("a ring through " + shape.ring.front().place + " is not decided within " + bound);
    } else {
      impossible_.insert(patterns.front()->requests.begin(), patterns.front()->requests.end());
    }
  }

  void add_writers(Prediction& prediction, const Pattern& pattern) const {
    const std::size_t size = pattern.requests.size();
    for (std::size_t i = 0; i < size; ++i) {
      if (pattern.blocking[(i + size - 1) % size] != Blocking::kWaitingWriter) continue;
      const Request& writer = requests_[pattern.requests[i]];
      const std::string text = names_.thread(writer) + " at " + names_.place(writer);
      if (std::find(prediction.writers.begin(), prediction.writers.end(), text) == prediction.writers.end()) prediction.writers.push_back(text);
    }
  }

  // A lost signal, or a wait through a start that the rings don't see.
  void anything_else() {
    const Program slice = with_counts_capped(program_, options_.patterns.length);
    Exploration found = explore(Model(slice), options_.explore, [&](const Position& position, std::span<const std::uint32_t> stuck) {
      return std::none_of(confirmed_.begin(), confirmed_.end(), [&](const auto& wanted) { return reached(position, stuck, wanted); });
    });
    if (found.end == SearchEnd::kBounded) report_.bounds.push_back("lost signals were looked for within " + found.bound);
    if (found.end != SearchEnd::kFound) return;
    Prediction prediction;
    prediction.program = slice;
    prediction.program.order.clear();
    const Model model(prediction.program);
    fill_stuck(model, found, prediction);
    prediction.way = std::move(found.way);
    prediction.stuck = std::move(found.stuck);
    prediction.states = found.states;
    report_.deadlocks.push_back(std::move(prediction));
  }

  // The last thing that each stuck thread did is the step it stands in.
  void fill_stuck(const Model& model, const Exploration& found, Prediction& prediction) const {
    for (const std::uint32_t instance : found.stuck) {
      const auto last = std::find_if(found.way.rbegin(), found.way.rend(), [&](const Happened& step) { return step.instance == instance; });
      if (last == found.way.rend()) continue;
      const std::uint32_t thread = model.instances()[instance].thread;
      const Step& step = model.program().threads[thread].steps[last->step];
      RingMember& member = prediction.ring.emplace_back();
      member.thread = model.name(instance);
      member.place = place_of(model.program(), thread, last->step);
      member.mode = step.mode;
      member.lock = step.kind == StepKind::kJoin ? "the end of " + program_.threads[step.other].name : program_.locks[step.lock].name;
      if (last->outcome == Outcome::kSleeps) prediction.lost_signal = true;
      for (const StepHold& hold : model.holds(instance, last->step)) {
        if (step.kind == StepKind::kWait && hold.lock == step.other) continue;
        member.held.push_back({program_.locks[hold.lock].name, hold.mode, place_of(model.program(), thread, hold.step)});
      }
    }
  }

  void hazards(const std::map<std::vector<std::uint32_t>, std::vector<const Pattern*>>& known) {
    std::vector<Request> with_writers = requests_;
    std::uint32_t threads = 0;
    for (const Request& request : requests_) {
      for (const std::uint32_t thread : request.threads) threads = std::max(threads, thread + 1);
    }
    for (Request& writer : imagined_writers(rules_, threads)) with_writers.push_back(std::move(writer));
    const PatternSearch search = find_patterns(rules_, with_writers, options_.patterns);
    std::set<std::vector<std::uint32_t>> seen;
    for (const Pattern& pattern : search.patterns) {
      const bool imagined = std::any_of(pattern.requests.begin(), pattern.requests.end(), [&](std::uint32_t i) { return i >= requests_.size(); });
      const auto key = without_writers(pattern, with_writers);
      if (!imagined || known.contains(key) || !seen.insert(key).second) continue;
      Prediction hazard = describe(names_, rules_, with_writers, pattern);
      hazard.kind = PredictionKind::kHazard;
      for (std::size_t i = pattern.requests.size(); i-- > 0;) {
        if (pattern.requests[i] < requests_.size()) continue;
        hazard.writers = writers_of(with_writers[pattern.requests[i]].lock);
        hazard.ring.erase(hazard.ring.begin() + static_cast<std::ptrdiff_t>(i));
      }
      hazard.reason = hazard.writers.empty() ? "no writer seen" : "the writers seen can't wait there";
      report_.hazards.push_back(std::move(hazard));
    }
  }

  std::vector<std::string> writers_of(std::uint32_t lock) const {
    std::vector<std::string> writers;
    for (const Request& request : requests_) {
      if (request.lock == lock && request.mode == LockMode::kExclusive) writers.push_back(names_.thread(request) + " at " + names_.place(request));
    }
    return writers;
  }

  void inversions() {
    for (const Inversion& inversion : inversions_of(names_, rules_, requests_, kMaxInversions)) {
      const bool ordered = impossible_.contains(inversion.first) && impossible_.contains(inversion.second);
      if (inversion.reason.empty() && !ordered) continue;  // reported as a deadlock, or under the bounds
      Prediction prediction = describe(names_, rules_, requests_, {{inversion.first, inversion.second}, {Blocking::kHolder, Blocking::kHolder}});
      prediction.kind = PredictionKind::kInversion;
      prediction.reason = inversion.reason.empty() ? "start, join and conditions keep them apart" : inversion.reason;
      report_.inversions.push_back(std::move(prediction));
    }
  }

  const Program& program_;
  PredictOptions options_;
  bool synchronises_;
  std::vector<LockRule> rules_;
  std::vector<Request> requests_;
  RingNames names_;
  PredictReport report_;
  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> confirmed_;
  std::set<std::uint32_t> impossible_;  // requests of rings that the model can't reach
};

}  // namespace

std::string_view to_string(PredictionKind kind) {
  switch (kind) {
    case PredictionKind::kDeadlock:
      return "deadlock";
    case PredictionKind::kHazard:
      return "hazard";
    case PredictionKind::kInversion:
      break;
  }
  return "inversion";
}

std::string Prediction::key() const {
  std::vector<std::string> members;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const bool only_waits = ring[(i + ring.size() - 1) % ring.size()].blocking == Blocking::kWaitingWriter;
    members.push_back(only_waits ? "a writer of " + ring[i].lock
                                 : ring[i].thread + " " + ring[i].place + " " + ring[i].lock + " " + std::string(to_string(ring[i].mode)));
  }
  std::sort(members.begin(), members.end());
  std::string key;
  for (const std::string& member : members) key += member + "; ";
  return key;
}

std::string place_of(const Program& program, std::uint32_t thread, std::uint32_t step) {
  const Step& it = program.threads[thread].steps[step];
  if (it.site != 0) return program.sites[it.site];
  std::string place = "step " + std::to_string(step + 1);
  if (it.line != 0) place += ", line " + std::to_string(it.line);
  return place;
}

PredictReport predict(const Program& program, const PredictOptions& options) { return ProgramPrediction(program, options).run(); }

}  // namespace tailback::replay
