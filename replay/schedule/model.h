// The lock model: every state that the threads of a program can be in, and the moves between them.
//
// A thread's state is its place in its program and a phase (ready, waiting, asleep, …). Who holds and who waits for a lock is *derived* from
// these, never stored beside them, so it can't disagree; only the queue of a `fifo` lock is a state of its own. Threads with the
// same program are interchangeable: a canonical position keeps them sorted, which is why 1,000 identical threads cost no more
// states than eight.
//
// A position is stuck when some threads can never go on whatever the others do (stuck()), even while others still run.
// Waiting for "no move is possible" instead would need every thread to be caught first, and multiplies the states.
//
// A writer's release lets the readers in that wait then (Go's rule; prefer-writers and reentrant); a reader's release does not.
//
// Thread safety: a Model is immutable; a Position belongs to one thread and refers to its Model, which must outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "replay/schedule/program.h"

namespace tailback::replay {

enum class Phase : std::uint8_t {
  kReady,
  kWaiting,    ///< has asked at this step, and waits: for a lock, for a thread's end
  kAsleep,     ///< on a condition, not notified
  kWoken,      ///< notified, waits for its lock again
  kUnstarted,
};

/// A thread's place and phase in one word.
struct Local {
  std::uint32_t word = 0;

  static constexpr Local of(std::uint32_t step, Phase phase) { return {step * 8 + static_cast<std::uint32_t>(phase)}; }
  [[nodiscard]] constexpr std::uint32_t step() const { return word / 8; }
  [[nodiscard]] constexpr Phase phase() const { return static_cast<Phase>(word % 8); }
  friend constexpr bool operator==(Local, Local) = default;
  friend constexpr auto operator<=>(Local, Local) = default;
};

/// One thread of the model: the `ordinal`th of its line in the program.
struct Instance {
  std::uint32_t thread = 0;   ///< index into Program::threads
  std::uint32_t ordinal = 0;  ///< 0-based
  std::uint32_t group = 0;    ///< of interchangeable instances
};

enum class Outcome : std::uint8_t { kAcquired, kWaits, kReleased, kRefused, kSleeps, kWoke, kNotified, kLost, kStarted, kJoined };

enum class MoveKind : std::uint8_t {
  kIssue,    ///< does its step
  kHeldOff,  ///< does its step, and the policy `either` turns it away
  kGrant,    ///< what it waited for has come
};

struct Move {
  std::uint32_t instance = 0;
  MoveKind kind = MoveKind::kIssue;
  std::uint32_t partner = kNone;  ///< who a notify wakes
};

/// What a move did.
struct Happened {
  std::uint32_t instance = 0;
  std::uint32_t step = 0;
  Outcome outcome = Outcome::kAcquired;
  std::vector<std::uint32_t> admitted;  ///< instances that it let into a lock, woke or started
};

struct Occupancy {
  std::uint32_t writers = 0, readers = 0;                  ///< instances that hold it so
  std::uint32_t waiting_writers = 0, waiting_readers = 0;
};

class Model {
 public:
  /// `program` must have passed check(), and outlive the model.
  explicit Model(const Program& program);

  [[nodiscard]] const Program& program() const { return *program_; }
  [[nodiscard]] std::span<const Instance> instances() const { return instances_; }
  [[nodiscard]] std::string name(std::uint32_t instance) const;  ///< "worker", or "worker#2" of several
  [[nodiscard]] const ProgramThread& thread_of(std::uint32_t instance) const { return program_->threads[instances_[instance].thread]; }
  [[nodiscard]] bool same_group(std::uint32_t a, std::uint32_t b) const { return instances_[a].group == instances_[b].group; }
  [[nodiscard]] std::uint32_t group_begin(std::uint32_t group) const { return groups_[group]; }
  [[nodiscard]] std::uint32_t group_end(std::uint32_t group) const { return groups_[group + 1]; }
  [[nodiscard]] std::size_t group_count() const { return groups_.size() - 1; }
  [[nodiscard]] std::uint32_t group_of_thread(std::uint32_t thread) const { return thread_group_[thread]; }
  [[nodiscard]] std::span<const std::uint32_t> fifo_locks() const { return fifo_locks_; }
  [[nodiscard]] std::uint32_t fifo_slot(std::uint32_t lock) const { return fifo_slot_[lock]; }
  [[nodiscard]] const std::vector<StepHold>& holds(std::uint32_t instance, std::uint32_t step) const {
    return holds_[instances_[instance].thread].before(step);
  }
  [[nodiscard]] bool has_starter(std::uint32_t thread) const { return has_starter_[thread]; }
  /// Whether the instance, at this step, may still notify the condition (start the thread).
  [[nodiscard]] bool will_notify(std::uint32_t instance, std::uint32_t step, std::uint32_t condition) const;
  [[nodiscard]] bool will_start(std::uint32_t instance, std::uint32_t step, std::uint32_t thread) const;
  [[nodiscard]] std::uint32_t longest_program() const;

 private:
  void group_threads();

  const Program* program_;
  std::vector<Instance> instances_;          // of one group next to each other
  std::vector<std::uint32_t> groups_;        // first instance of each, and the end
  std::vector<std::uint32_t> thread_group_;  // by thread
  std::vector<HoldTable> holds_;             // by thread
  std::vector<bool> has_starter_;            // by thread
  std::vector<std::uint32_t> fifo_locks_, fifo_slot_;
};

class Position {
 public:
  /// Where all begin.
  explicit Position(const Model& model);

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] Local local(std::uint32_t instance) const { return locals_[instance]; }
  [[nodiscard]] const Occupancy& occupancy(std::uint32_t lock) const { return occupancy_[lock]; }
  [[nodiscard]] bool at_end(std::uint32_t instance) const;
  /// The step it stands before or in; only where it is not at its end.
  [[nodiscard]] const Step& step(std::uint32_t instance) const;
  /// Waits for a lock, a thread's end or a notification.
  [[nodiscard]] bool waits(std::uint32_t instance) const;

  /// The possible moves, one of each kind of interchangeable threads. The position must be canonical.
  void moves(std::vector<Move>& out) const;
  /// What the lock of the step that it stands before says to it now; only for a step that takes one.
  [[nodiscard]] Admission admission_now(std::uint32_t instance) const { return admission(instance); }
  /// The move that the instance can make, if any (no choice of partner, no held off).
  [[nodiscard]] bool can_move(std::uint32_t instance) const;
  Happened apply(const Move& move);

  /// The instances that can never go on, or none. Those that merely were never started do not count by themselves.
  void stuck(std::vector<std::uint32_t>& out) const;
  /// Every instance is at its end, or can't be started any more.
  [[nodiscard]] bool finished() const;

  void make_canonical();
  /// The state as words, for hashing; load() restores it.
  void encode(std::vector<std::uint16_t>& out) const;
  void load(std::span<const std::uint16_t> words);

 private:
  struct Doom;
  void count(std::uint32_t instance, int sign);
  void set(std::uint32_t instance, Local local);
  [[nodiscard]] Admission admission(std::uint32_t instance) const;
  [[nodiscard]] bool thread_finished(std::uint32_t thread) const;
  Outcome issue(std::uint32_t instance, const Move& move, std::vector<std::uint32_t>& admitted);
  Outcome ask(std::uint32_t instance, const Step& step, bool held_off);
  void after_release(std::uint32_t lock, LockMode mode, std::vector<std::uint32_t>& admitted);
  void wake(const Move& move, const Step& step, std::vector<std::uint32_t>& admitted);
  void start(const Step& step, std::vector<std::uint32_t>& admitted);
  void enqueue(std::uint32_t lock, std::uint32_t instance);
  void dequeue(std::uint32_t lock, std::uint32_t instance);
  [[nodiscard]] bool writer_ahead(std::uint32_t lock, std::uint32_t instance) const;
  [[nodiscard]] bool anyone_ahead(std::uint32_t lock, std::uint32_t instance) const;

  const Model* model_;
  std::vector<Local> locals_;
  std::vector<Occupancy> occupancy_;
  std::vector<std::vector<std::uint32_t>> queues_;  // by fifo slot: instances in order of arrival
};

}  // namespace tailback::replay
