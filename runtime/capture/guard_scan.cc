#include "runtime/capture/guard_scan.h"

#include <algorithm>
#include <array>
#include <thread>
#include <tuple>

#include "runtime/capture/capture_turn.h"
#include "runtime/capture/machine_code.h"
#include "runtime/capture/system_calls.h"

namespace tailback {
namespace {

constexpr std::uint64_t kLargestFrame = 64 * 1024, kLargestObject = 512;
constexpr std::size_t kMostSignalled = 128;
constexpr auto kAnswerTime = std::chrono::milliseconds(100);  // a sleeper needs a processor to answer, which on a stalling machine takes its time

constexpr std::array<std::string_view, 6> kLibraries = {"libc.so", "libc-", "libpthread", "ld-linux", "libstdc++", "libgcc_s"};

}  // namespace

HolderSearch holder_search_order(const Dump& dump, const std::vector<bool>& in_queue) {
  constexpr std::uint32_t kFirstOfEach = 4;
  struct Suspect {
    std::uint32_t index, turn, group;
    bool waits;
  };
  std::unordered_map<std::uint32_t, std::uint32_t> size_of_group, seen;
  for (const ThreadRecord& thread : dump.threads) ++size_of_group[thread.stack.index];
  std::vector<Suspect> suspects;
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
    const ThreadRecord& thread = dump.threads[i];
    if (!thread.stack || (thread.quality != StackQuality::kComplete && thread.quality != StackQuality::kRecovered)) continue;
    const std::uint32_t turn = seen[thread.stack.index]++;
    suspects.push_back({i, turn < kFirstOfEach ? 0 : turn, size_of_group[thread.stack.index], in_queue[i]});
  }
  std::stable_sort(suspects.begin(), suspects.end(), [](const Suspect& a, const Suspect& b) {
    return std::tuple(a.turn, a.waits, a.group) < std::tuple(b.turn, b.waits, b.group);
  });
  HolderSearch search;
  for (const Suspect& suspect : suspects) {
    search.order.push_back(suspect.index);
    if (suspect.turn == 0) ++search.first;
  }
  return search;
}

/// One frame as it stood at its call.
struct GuardScan::FrameArea {
  FrameRow row;
  Registers registers;
  std::uint64_t begin = 0, end = 0;  ///< its part of the stack; `end` is its CFA
  std::uint64_t call_address = 0;
};

GuardScan::GuardScan(const CaptureOptions& options, int signal, Memory& memory, TaskDirectory& tasks, Resolver& resolver,
                     Symbolizer& symbolizer, Recording& recording)
    : options_(options), signal_(signal), memory_(memory), tasks_(tasks), resolver_(resolver), symbolizer_(symbolizer),
      recording_(recording) {}

void GuardScan::run(Dump& dump, ResolveStats& stats) {
  if (!arch::kOutsideReading) return;
  const auto begin = Clock::now();
  targets_ = find_targets(dump);
  awaited_.assign(dump.threads.size(), LockId{});
  for (const Wait& wait : dump.waits) awaited_[wait.thread.index] = wait.lock;
  if (!targets_.empty()) {
    unwinder_ = std::make_unique<Unwinder>(memory_);
    release_code_ = std::make_unique<ReleaseCode>(memory_, *unwinder_, symbolizer_);
    std::vector<bool> in_queue(dump.threads.size());
    for (std::size_t i = 0; i < in_queue.size(); ++i) {
      in_queue[i] = std::any_of(targets_.begin(), targets_.end(), [&](const Target& target) { return target.lock == awaited_[i]; });
    }
    const HolderSearch search = holder_search_order(dump, in_queue);
    search_for_holders(dump, search, stats);
    decide(dump, stats);
  }
  stats.guard_scan = Clock::now() - begin;
}

std::vector<GuardScan::Target> GuardScan::find_targets(const Dump& dump) const {
  std::vector<bool> held(dump.locks.size()), waited(dump.locks.size()), named(dump.locks.size());
  for (const Hold& hold : dump.holds) held[hold.lock.index] = true;
  for (const Wait& wait : dump.waits) {
    if (waited[wait.lock.index]) continue;
    waited[wait.lock.index] = true;
    const LockKind kind = kind_of(resolver_.stack(resolver_.raw().row(wait.thread.index).stack).site.api);
    named[wait.lock.index] = kind == LockKind::kMutex || kind == LockKind::kRwlock;
  }
  std::vector<Target> targets;
  for (std::uint32_t i = 0; i < dump.locks.size(); ++i) {
    const Lock& lock = dump.locks[i];
    const bool may_be_held = lock.kind == LockKind::kRwlock ? lock.readers != 0 : lock.kind == LockKind::kFutex;
    if (!held[i] && waited[i] && may_be_held && lock.address != 0) targets.push_back({LockId{i}, lock.address, named[i]});
  }
  return targets;
}

/// A few of each stack from memory, then with the registers of those that may be asked; more of the same stacks are worth their time only while a
/// holder is missing.
void GuardScan::search_for_holders(Dump& dump, const HolderSearch& search, ResolveStats& stats) {
  const auto end = Clock::now() + options_.guard_scan_budget;
  const std::span<const std::uint32_t> all(search.order);
  std::size_t seen = scan_some(dump, all.first(search.first), end, stats);
  if (seen == search.first && !all_found(dump) && options_.signals && signal_ != 0) scan_with_registers(dump, search.order, end);
  if (seen == search.first && !all_found(dump)) seen += scan_some(dump, all.subspan(search.first), end, stats);
  else if (seen == search.first) return;
  if (seen == all.size()) return;
  stats.guard_scan_unseen = static_cast<std::uint32_t>(all.size() - seen);
  const std::string which = seen < search.first ? "" : " (a few of each stack were)";
  dump.statements.push_back(recording_.table.intern(std::to_string(stats.guard_scan_unseen) + " of " + std::to_string(dump.threads.size()) +
                                                    " threads were not looked at for the locks that they hold" + which + ": the time for that was over"));
}

/// How many were looked at before the time was over.
std::size_t GuardScan::scan_some(const Dump& dump, std::span<const std::uint32_t> suspects, Clock::time_point end, ResolveStats& stats) {
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    if (i % 16 == 0 && Clock::now() > end) return i;
    if (scan_thread(dump, suspects[i], nullptr)) ++stats.guard_scan_threads;
    else ++stats.guard_scan_moved;
  }
  return suspects.size();
}

/// Whether of each lock in question as many holders are known, on strong evidence, as the lock itself says that it has, or more: then none can be told from the others.
bool GuardScan::all_found(const Dump& dump) const {
  return std::all_of(targets_.begin(), targets_.end(), [&](const Target& target) {
    const auto strong = std::count_if(candidates_.begin(), candidates_.end(), [&](const Candidate& c) { return c.evidence.strong && c.hold.lock == target.lock; });
    return strong > 0 && strong >= dump.locks[target.lock.index].readers;  // -1: the lock does not say how many
  });
}

/// Memory shows only registers that a callee has saved. Where that found no one, a few suspects are asked for theirs: only those in a
/// wait that the kernel restarts, so nothing is disturbed.
void GuardScan::scan_with_registers(const Dump& dump, const std::vector<std::uint32_t>& suspects, Clock::time_point end) {
  std::size_t asked = 0;
  for (std::uint32_t index : suspects) {
    if (asked == kMostSignalled || Clock::now() > end) return;
    const ThreadRow row = resolver_.raw().row(index);
    SystemCall call;
    call.reading = static_cast<CallReading>(row.reading);
    call.number = row.call;
    std::copy(row.arguments, row.arguments + 4, call.arguments);
    if (!signal_is_harmless(call) || !still_there(row)) continue;
    const ThreadStatus status = tasks_.status(static_cast<pid_t>(row.tid));
    if (!status.present || status.state != 'S' || status.tracer != 0 || status.blocks(signal_)) continue;
    ++asked;
    answered_ = false;
    {
      const CaptureTurn turn = CaptureTurn::for_question();
      if (!turn.taken()) return;  // a capture has begun: it comes first
      Signaller signaller(signal_, kAnswerTime, 2 * kAnswerTime, *this);
      static_cast<void>(signaller.send(static_cast<pid_t>(row.tid), index, SlotRequest::kRegisters));
    }
    if (answered_ && answered_pc_ == row.pc && answered_stack_pointer_ == row.stack_pointer && is_back(row)) scan_thread(dump, index, &answered_registers_);
  }
}

void GuardScan::answered(std::uint32_t, const SignalSlot& slot) noexcept {
  answered_ = true;
  bool in_call = false;
  answered_pc_ = behind_system_call(memory_, slot.pc, in_call);
  answered_stack_pointer_ = slot.stack_pointer;
  answered_registers_ = slot.callee_saved;
}

/// A thread that has answered is for a moment on its way back into its call: on a busy machine until it gets a processor.
bool GuardScan::is_back(const ThreadRow& row) const {
  constexpr auto kPause = std::chrono::microseconds(200);
  const auto end = Clock::now() + kAnswerTime;
  while (!still_there(row)) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

bool GuardScan::still_there(const ThreadRow& row) const {
  const SystemCall now = CallFile(tasks_.fd(), static_cast<pid_t>(row.tid)).read();
  return now.reading == static_cast<CallReading>(row.reading) && now.stack_pointer == row.stack_pointer && now.pc == row.pc && now.number == row.call &&
         std::equal(row.arguments, row.arguments + 4, now.arguments);
}

bool GuardScan::library_frame(FrameId frame) const {
  const StackTable& table = recording_.table;
  if (table.function(frame).starts_with("std::")) return true;
  std::string_view module = table.text(table.frame(frame).module);
  module.remove_prefix(module.rfind('/') == std::string_view::npos ? 0 : module.rfind('/') + 1);
  return std::any_of(kLibraries.begin(), kLibraries.end(), [&](std::string_view name) { return module.starts_with(name); });
}

/// The position in `addresses` of the first frame that is neither the lock's own nor a wrapper around it.
std::size_t GuardScan::first_own_frame(const ResolvedStack& stack) const {
  const auto frames = recording_.table.stack(stack.id);
  std::size_t at = 0;
  for (; at < stack.addresses.size(); ++at) {
    const std::size_t next = at + 1 < stack.first_frame.size() ? stack.first_frame[at + 1] : frames.size();
    if (next == 0 || next > frames.size()) return stack.addresses.size();
    const FrameId physical = frames[next - 1];
    if (library_frame(physical)) continue;
    if (stack.site.api != LockApi::kNone && (next - 1 <= stack.site.wait_frame || names_lock_taking(recording_.table.function(physical)))) continue;
    break;
  }
  return at;
}

bool GuardScan::scan_thread(const Dump& dump, std::uint32_t index, const std::array<std::uint64_t, 6>* registers) {
  const ThreadRow row = resolver_.raw().row(index);
  if (row.stack_pointer == 0 || !still_there(row)) return false;
  const ResolvedStack& stack = resolver_.stack(row.stack);
  const std::size_t first_own = first_own_frame(stack);
  unwinder_->start(row.stack_pointer, row.pc, true);
  if (registers != nullptr) {
    for (std::size_t i = 0; i < registers->size(); ++i) unwinder_->know(arch::kCalleeSaved[i], (*registers)[i]);
  }
  for (std::size_t position = 0; position < stack.addresses.size(); ++position) {
    const FrameRow* rules = unwinder_->row();
    if (rules == nullptr) return true;
    FrameArea area;
    area.row = *rules;
    area.registers = unwinder_->registers();
    area.begin = unwinder_->stack_pointer();
    area.call_address = unwinder_->call_address();
    if (unwinder_->step() != WalkEnd::kMore) return true;
    area.end = unwinder_->stack_pointer();
    if (position >= first_own && area.end > area.begin && area.end - area.begin <= kLargestFrame) scan_frame(dump, index, stack, position, area);
    if (position + 1 < stack.addresses.size() && unwinder_->call_address() != stack.addresses[position + 1]) return false;
  }
  return true;
}

void GuardScan::scan_frame(const Dump& dump, std::uint32_t index, const ResolvedStack& stack, std::size_t position, const FrameArea& area) {
  const bool innermost_own = position == first_own_frame(stack);
  for (const Target& target : targets_) {
    if (innermost_own && awaited_[index] == target.lock) continue;  // it is about to take it
    const Sight sight = look_for(target.address, area);
    if (sight.what == Sight::What::kNothing) continue;
    const bool exact = sight.what == Sight::What::kLock;
    const bool gives_back = release_code_->gives_back(area.row, area.registers, area.call_address, target.address, sight.released_guard);
    if (!exact && !gives_back) continue;
    propose(dump, index, stack, position, target, {gives_back, (exact ? "keeps the lock's address " : "keeps the address of what may be the object around the lock ") + sight.where});
  }
}

/// The best sight of the lock in one frame: its address in a register or word that is this function's own, or one just below it.
GuardScan::Sight GuardScan::look_for(std::uint64_t lock, const FrameArea& area) {
  Sight sight;
  auto note = [&](std::uint64_t word, std::string_view where) {
    if (word > lock || lock - word > kLargestObject || sight.what == Sight::What::kLock) return;
    if (word == lock) sight.what = Sight::What::kLock, sight.where = where;
    else if (sight.what == Sight::What::kNothing) sight.what = Sight::What::kObject, sight.where = where;
  };
  for (unsigned reg : arch::kCalleeSaved) {
    // A register that this function did not save is not its own: it passes through from further out.
    if (area.row.kind[reg] != RuleKind::kOffset || !area.registers.has(reg) || reg == area.row.cfa_register) continue;
    note(area.registers.value[reg], "in " + std::string(arch::kNames[reg]));
  }
  for (std::uint64_t at = area.begin; at + 16 <= area.end; at += 8) {
    std::uint64_t word = 0, next = 0;
    if (!unwinder_->stack_word(at, word)) break;
    if (word > lock || lock - word > kLargestObject || saves_a_register(area, at)) continue;
    note(word, "on its stack");
    if (word == lock && unwinder_->stack_word(at + 8, next) && (next & 0xff) == 0) sight.released_guard = true;
  }
  return sight;
}

bool GuardScan::saves_a_register(const FrameArea& area, std::uint64_t at) {
  for (std::size_t reg = 0; reg < arch::kRegisters; ++reg) {
    if (area.row.kind[reg] == RuleKind::kOffset && at == area.end + static_cast<std::uint64_t>(area.row.value[reg])) return true;
  }
  return false;
}

void GuardScan::propose(const Dump& dump, std::uint32_t index, const ResolvedStack& stack, std::size_t position, const Target& target, Evidence evidence) {
  const auto frames = recording_.table.stack(stack.id);
  const std::size_t next = position + 1 < stack.first_frame.size() ? stack.first_frame[position + 1] : frames.size();
  Candidate candidate;
  candidate.hold.thread = ThreadIndex{index};
  candidate.hold.lock = target.lock;
  candidate.hold.mode = dump.locks[target.lock.index].kind == LockKind::kRwlock ? LockMode::kShared : LockMode::kExclusive;
  candidate.hold.basis = Basis::kInferred;
  candidate.hold.frame = static_cast<std::uint16_t>(next - 1);
  // "HashSet::Values keeps the lock's address in r13, and unlocks it after this call"
  const std::string_view function = recording_.table.function(frames[next - 1]);
  evidence.text.insert(0, std::string(function.substr(0, function.find("[abi:"))) + " ");
  if (evidence.strong) evidence.text += ", and gives that lock back after this call";
  candidate.evidence = std::move(evidence);
  // One hold for each thread and lock: the best, and of equals the innermost.
  for (Candidate& known : candidates_) {
    if (known.hold.thread != candidate.hold.thread || known.hold.lock != candidate.hold.lock) continue;
    if (candidate.evidence.strong && !known.evidence.strong) known = std::move(candidate);
    return;
  }
  candidates_.push_back(std::move(candidate));
}

void GuardScan::decide(Dump& dump, ResolveStats& stats) {
  constexpr std::size_t kNoise = 3;  ///< with more strong candidates than holders by this many, none is worth naming
  for (const Target& target : targets_) {
    const std::int64_t readers = dump.locks[target.lock.index].readers;
    const std::size_t holders = readers > 0 ? static_cast<std::size_t>(readers) : 1;
    std::size_t strong = 0, weak = 0;
    for (const Candidate& candidate : candidates_) {
      if (candidate.hold.lock == target.lock) ++(candidate.evidence.strong ? strong : weak);
    }
    for (Candidate& candidate : candidates_) {
      if (candidate.hold.lock != target.lock) continue;
      // An address on a stack shows where a latch is as well as who has a lock.
      if (!candidate.evidence.strong && !target.named) continue;
      const bool credible = candidate.evidence.strong ? strong <= holders + kNoise : strong + weak <= holders;
      if (!credible) continue;
      candidate.hold.strength = candidate.evidence.strong && strong <= holders ? 2 : 1;
      candidate.hold.evidence = recording_.table.intern(candidate.evidence.text);
      dump.holds.push_back(candidate.hold);
      ++stats.inferred_holds;
    }
  }
}

}  // namespace tailback
