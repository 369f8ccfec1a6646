#include "replay/schedule/explorer.h"

#include <algorithm>

#include "replay/schedule/state_store.h"

namespace tailback::replay {
namespace {

// What a position's words can hold.
constexpr std::uint32_t kMaxInstances = 0xffff;
constexpr std::uint32_t kMaxSteps = 0xffff / 8 - 1;

/// A move without instances, which canonical positions rename: by group and local.
struct AnonymousMove {
  std::uint32_t parent = kNone;
  std::uint32_t group = 0;
  std::uint32_t partner_group = kNone;
  std::uint16_t local = 0;
  std::uint16_t partner_local = 0;
  MoveKind kind = MoveKind::kIssue;
};

AnonymousMove anonymous(const Position& from, std::uint32_t parent, const Move& move) {
  const auto instances = from.model().instances();
  AnonymousMove result{parent, instances[move.instance].group, kNone, static_cast<std::uint16_t>(from.local(move.instance).word), 0, move.kind};
  if (move.partner != kNone) {
    result.partner_group = instances[move.partner].group;
    result.partner_local = static_cast<std::uint16_t>(from.local(move.partner).word);
  }
  return result;
}

std::uint32_t some_instance(const Position& position, std::uint32_t group, std::uint16_t local, bool must_move) {
  const Model& model = position.model();
  for (std::uint32_t i = model.group_begin(group); i < model.group_end(group); ++i) {
    if (position.local(i).word == local && (!must_move || position.can_move(i))) return i;
  }
  return kNone;
}

void follow(const Model& model, const std::vector<AnonymousMove>& moves, std::uint32_t last, Exploration& result) {
  std::vector<std::uint32_t> path;
  for (std::uint32_t at = last; at != 0; at = moves[at].parent) path.push_back(at);
  Position position(model);
  for (auto at = path.rbegin(); at != path.rend(); ++at) {
    const AnonymousMove& move = moves[*at];
    Move named{some_instance(position, move.group, move.local, true), move.kind, kNone};
    if (move.partner_group != kNone) named.partner = some_instance(position, move.partner_group, move.partner_local, false);
    result.way.push_back(position.apply(named));
  }
  position.stuck(result.stuck);
}

/// Who moved last, and how often another was kept from going on: three more words of a position.
class Running {
 public:
  static constexpr std::size_t kWords = 3;
  static Running of(std::span<const std::uint16_t> words) { return {words[0], words[1], words[2]}; }
  void encode(std::vector<std::uint16_t>& out) const { out.insert(out.end(), {group_, local_, preemptions_}); }

  /// Whether the move keeps the one who moved last from going on. Of threads that are alike and in one place any may be the one: not, in doubt.
  [[nodiscard]] bool preempted_by(const Position& from, const Move& move) const {
    const Model& model = from.model();
    if (group_ == kNobody || (model.instances()[move.instance].group == group_ && from.local(move.instance).word == local_)) return false;
    bool alive = false;
    for (std::uint32_t i = model.group_begin(group_); i < model.group_end(group_); ++i) {
      if (from.local(i).word != local_) continue;
      if (!from.can_move(i)) return false;
      alive = true;
    }
    return alive;
  }
  [[nodiscard]] std::uint16_t preemptions() const { return preemptions_; }
  /// `after`: the position that the move has led to, not yet canonical.
  [[nodiscard]] Running then(const Position& after, const Move& move, bool preempts) const {
    return {static_cast<std::uint16_t>(after.model().instances()[move.instance].group), static_cast<std::uint16_t>(after.local(move.instance).word),
            static_cast<std::uint16_t>(preemptions_ + (preempts ? 1 : 0))};
  }

  Running() = default;

 private:
  static constexpr std::uint16_t kNobody = 0xffff;
  Running(std::uint16_t group, std::uint16_t local, std::uint16_t preemptions) : group_(group), local_(local), preemptions_(preemptions) {}
  std::uint16_t group_ = kNobody, local_ = 0, preemptions_ = 0;
};

std::string too_large(const Model& model) {
  if (model.instances().size() > kMaxInstances) return "more than " + std::to_string(kMaxInstances) + " threads";
  if (model.longest_program() > kMaxSteps) return "a thread of more than " + std::to_string(kMaxSteps) + " steps";
  return {};
}

std::string reached(const StateStore& store, const ExploreLimits& limits) {
  if (store.size() >= limits.states) return std::to_string(store.size()) + " states";
  if (store.bytes() >= limits.bytes) return std::to_string(store.size()) + " states (" + std::to_string(limits.bytes >> 20) + " MiB)";
  return {};
}

}  // namespace

std::string_view to_string(SearchEnd end) {
  switch (end) {
    case SearchEnd::kFound:
      return "found";
    case SearchEnd::kExhausted:
      return "exhausted";
    case SearchEnd::kBounded:
      break;
  }
  return "bounded";
}

std::string preemptions_allowed(const ExploreLimits& limits) {
  if (!limits.preemptions) return {};
  return " with at most " + std::to_string(*limits.preemptions) + (*limits.preemptions == 1 ? " preemption" : " preemptions");
}

Exploration explore(const Model& model, const ExploreLimits& limits, const Goal& goal) {
  const bool counted = limits.preemptions.has_value();
  bool left_out = false;
  Exploration result;
  if (result.bound = too_large(model); !result.bound.empty()) return result;
  StateStore store;
  std::vector<AnonymousMove> moves(1);
  std::vector<std::uint16_t> words;
  std::vector<Move> possible;
  std::vector<std::uint32_t> stuck;
  Position from(model);
  from.make_canonical();
  from.encode(words);
  Running running;
  if (counted) running.encode(words);
  store.add(words);
  for (std::uint32_t at = 0; at < store.size(); ++at) {
    if (result.bound = reached(store, limits); !result.bound.empty()) break;
    std::span<const std::uint16_t> state = store[at];
    if (counted) {
      running = Running::of(state.last(Running::kWords));
      state = state.first(state.size() - Running::kWords);
    }
    from.load(state);
    from.moves(possible);
    for (const Move& move : possible) {
      const bool preempts = counted && running.preempted_by(from, move);
      if (preempts && running.preemptions() == *limits.preemptions) {
        left_out = true;
        continue;
      }
      Position next = from;
      next.apply(move);
      const Running then = counted ? running.then(next, move, preempts) : running;
      next.make_canonical();
      next.encode(words);
      if (counted) then.encode(words);
      const auto [index, fresh] = store.add(words);
      if (!fresh) continue;
      moves.push_back(anonymous(from, at, move));
      next.stuck(stuck);
      if (stuck.empty() || (goal && !goal(next, stuck))) continue;
      result.end = SearchEnd::kFound;
      result.states = store.size();
      follow(model, moves, index, result);
      return result;
    }
  }
  result.states = store.size();
  if (left_out && result.bound.empty()) {
    result.preempted_no_more = true;
    result.bound = "the interleavings" + preemptions_allowed(limits) + " (" + std::to_string(store.size()) + " states)";
  }
  result.end = result.bound.empty() ? SearchEnd::kExhausted : SearchEnd::kBounded;
  return result;
}

CanFinish can_finish(const Position& start, const ExploreLimits& limits) {
  const Model& model = start.model();
  if (!too_large(model).empty()) return CanFinish::kUnknown;
  StateStore store;
  std::vector<std::uint16_t> words;
  std::vector<std::uint32_t> stack, stuck;
  std::vector<Move> possible;
  Position from = start;
  const auto push = [&](Position& position) {
    position.make_canonical();
    position.stuck(stuck);
    if (!stuck.empty()) return;
    position.encode(words);
    if (const auto [index, fresh] = store.add(words); fresh) stack.push_back(index);
  };
  push(from);
  while (!stack.empty()) {
    if (!reached(store, limits).empty()) return CanFinish::kUnknown;
    from.load(store[stack.back()]);
    stack.pop_back();
    if (from.finished()) return CanFinish::kYes;
    from.moves(possible);
    for (const Move& move : possible) {
      Position next = from;
      next.apply(move);
      push(next);
    }
  }
  return CanFinish::kNo;
}

Program with_counts_capped(const Program& program, std::uint32_t cap) {
  Program capped = program;
  std::vector<bool> exact(program.threads.size(), false);
  for (const ProgramThread& thread : program.threads) {
    for (const Step& step : thread.steps) {
      if (step.kind == StepKind::kStart || step.kind == StepKind::kJoin) exact[step.other] = true;
    }
  }
  for (std::size_t i = 0; i < capped.threads.size(); ++i) {
    if (!exact[i]) capped.threads[i].count = std::min(capped.threads[i].count, cap);
  }
  return capped;
}

}  // namespace tailback::replay
