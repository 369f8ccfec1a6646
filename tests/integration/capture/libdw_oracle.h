// Unwinds all threads of a process with elfutils' libdw, from a child process, by ptrace.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tailback {

/// Call addresses (return addresses minus one), innermost first. `problem`: why there are none.
std::map<pid_t, std::vector<std::uint64_t>> unwind_by_libdw(pid_t process, std::string& problem);

}  // namespace tailback
