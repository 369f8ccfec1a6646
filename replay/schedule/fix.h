// Changes to a program that a fix would make, written as one line each.
//
//   drop HashSet::Size:rdlock mu            the step and its unlock go
//   drop rdlock mu #2 in refresher          … without a site: the second such step of that thread
//   mode HashSet::Values:rdlock mu wrlock   another mode (rdlock, wrlock)
//   try rdlock mu #2                        asks once instead of waiting
//   reorder lock b before lock a            where a thread takes a and then b within, it takes b first
//   gate mu set                             one mutex more, taken around every section with one of these locks
//   policy mu=prefer-readers                another policy (or a library's: libc++, go, java, …); * for every read-write lock
//
// A site is a function of the program or, as in a scenario without functions, the thread's name. Of a recorded trace the fix changes the threads' programs, which are then run
// in the recorded order as far as that is possible (execute()): all of these changes apply to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/schedule/program.h"
#include <tailback/result.h>

namespace tailback::replay {

/// The program with the fix made, or why it can't be: no such step, an ambiguous one, a program that no longer holds what it releases.
[[nodiscard]] Result<Program> with_fix(const Program& program, std::string_view fix);

/// "mu=prefer-readers", "*=libc++". Errors name the words.
[[nodiscard]] Result<void> set_policy(std::vector<ProgramLock>& locks, std::string_view assignment);

/// Whether `place` ("HashSet::Size hashset.cc:43") is the one called `name` ("HashSet::Size").
[[nodiscard]] bool names_place(std::string_view place, std::string_view name);

}  // namespace tailback::replay
