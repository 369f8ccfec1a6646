// The `.locks` scenario: who takes which lock in which order, in a few lines that anyone can write in a ticket.
//
//   # the incident
//   lock mu rwlock prefer-writers
//   refresher: HashSet::Values:rdlock mu; HashSet::Size:rdlock mu; unlock mu; unlock mu
//   worker x 47841: wrlock mu; unlock mu
//
// Lines:  lock NAME [mutex | recursive | rwlock [POLICY]]     condition NAME     order THREAD THREAD …
//         THREAD [x COUNT]: STEP; STEP; …                      (a second line of the same thread goes on)
// Steps:  [SITE:]VERB …, VERB being lock, rdlock, wrlock, trylock, tryrdlock, trywrlock, timedlock, timedrdlock, timedwrlock,
//         unlock, wait CONDITION LOCK, timedwait, notify, notify_all, start THREAD, join THREAD.
// A thread that some step starts does not run before that; all others run from the beginning.
//
// Errors name file, line and thread.
#pragma once

#include <string>
#include <string_view>

#include "replay/schedule/program.h"
#include <tailback/result.h>

namespace tailback::replay {

[[nodiscard]] Result<Program> parse_scenario(std::string_view text, std::string_view file);

/// The program in the scenario format; parse_scenario() reads it back.
[[nodiscard]] std::string write_scenario(const Program& program);

/// Whether the text looks like a scenario rather than a log: its first line of content declares a lock or a condition.
[[nodiscard]] bool looks_like_scenario(std::string_view text);

/// One step without its thread, as fixes and schedules name it: "HashSet::Size:rdlock mu". Resolves against the program's locks and
/// threads; the error has no context.
[[nodiscard]] Result<Step> parse_step(Program& program, std::string_view text);

}  // namespace tailback::replay
