#include "replay/schedule/ring_text.h"

#include <algorithm>
#include <map>

namespace tailback::replay {
namespace {

/// Where the hold was taken that keeps the writer at `writer` waiting: its next in the ring has it.
std::string place_of_read_hold(const RingNames& names, std::span<const Request> requests, const Pattern& pattern, std::size_t writer) {
  const Request& holder = requests[pattern.requests[(writer + 1) % pattern.requests.size()]];
  const HeldLock* hold = holder.holds(requests[pattern.requests[writer]].lock);
  return hold == nullptr ? names.place(holder) : names.held_place(holder, *hold);
}

RingMember member_of(const RingNames& names, const Request& request, Blocking blocking) {
  RingMember member;
  member.thread = names.thread(request);
  member.others = names.others(request);
  member.lock = names.lock(request.lock);
  member.mode = request.mode;
  member.place = names.place(request);
  member.blocking = blocking;
  for (const HeldLock& hold : request.held) {
    if (hold.step == kNone) continue;  // a thread's own end
    member.held.push_back({names.lock(hold.lock), hold.mode, names.held_place(request, hold)});
  }
  return member;
}

bool only_reads_meet(std::span<const LockRule> rules, const Request& a, const Request& b) {
  const auto reads = [&](const Request& asks, const Request& holds) {
    const HeldLock* hold = holds.holds(asks.lock);
    return asks.lock < rules.size() && !hold_blocks(rules[asks.lock], asks.mode, hold->mode, false);
  };
  return reads(a, b) || reads(b, a);
}

}  // namespace

Prediction describe(const RingNames& names, std::span<const LockRule> rules, std::span<const Request> requests, const Pattern& pattern) {
  Prediction prediction;
  for (std::size_t i = 0; i < pattern.requests.size(); ++i) {
    const Request& request = requests[pattern.requests[i]];
    prediction.ring.push_back(member_of(names, request, pattern.blocking[i]));
    if (pattern.blocking[i] != Blocking::kWaitingWriter) continue;
    const std::size_t writer = (i + 1) % pattern.requests.size();
    if (!prediction.needs.empty()) prediction.needs += ", and ";
    prediction.needs += "a writer waiting on " + names.lock(request.lock) + " between " + place_of_read_hold(names, requests, pattern, writer) + " and " +
                       names.place(request);
    if (rules[request.lock].policy == LockPolicy::kEither) prediction.may = true;
  }
  return prediction;
}

std::vector<std::uint32_t> without_writers(const Pattern& pattern, std::span<const Request> requests) {
  std::vector<std::uint32_t> key;
  const std::size_t size = pattern.requests.size();
  for (std::size_t i = 0; i < size; ++i) {
    const bool only_waits = pattern.blocking[(i + size - 1) % size] == Blocking::kWaitingWriter;
    // A lock's number, marked, stands for all its writers.
    key.push_back(only_waits ? 0x80000000u | requests[pattern.requests[i]].lock : pattern.requests[i]);
  }
  std::sort(key.begin(), key.end());
  return key;
}

std::vector<Request> imagined_writers(std::span<const LockRule> rules, std::uint32_t first_thread) {
  std::vector<Request> writers;
  for (std::uint32_t lock = 0; lock < rules.size(); ++lock) {
    if (!rules[lock].rwlock) continue;
    Request writer;
    writer.lock = lock;
    writer.threads = {first_thread + lock};
    writers.push_back(std::move(writer));
  }
  return writers;
}

std::vector<Inversion> inversions_of(const RingNames& names, std::span<const LockRule> rules, std::span<const Request> requests, std::size_t limit) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> holders;
  for (std::uint32_t i = 0; i < requests.size(); ++i) {
    for (const HeldLock& hold : requests[i].held) holders[hold.lock].push_back(i);
  }
  std::vector<Inversion> inversions;
  for (std::uint32_t a = 0; a < requests.size(); ++a) {
    const auto found = holders.find(requests[a].lock);
    if (found == holders.end()) continue;
    for (const std::uint32_t b : found->second) {
      if (b <= a || requests[a].lock == requests[b].lock || requests[a].holds(requests[b].lock) == nullptr) continue;
      if (inversions.size() >= limit) return inversions;
      const bool one_thread = requests[a].threads.size() == 1 && requests[a].threads == requests[b].threads;
      if (one_thread) {
        inversions.push_back({a, b, "only " + names.thread(requests[a]) + " takes both"});
        continue;
      }
      const std::uint32_t gate = gate_between(requests[a], requests[b]);
      if (gate != kNone) {
        inversions.push_back({a, b, "gate lock " + names.lock(gate)});
      } else if (only_reads_meet(rules, requests[a], requests[b])) {
        inversions.push_back({a, b, "readers only"});
      } else {
        inversions.push_back({a, b, ""});  // a pattern: the caller knows what became of it
      }
    }
  }
  return inversions;
}

}  // namespace tailback::replay
