// Looks for rings on behalf of threads that can't: those that wait inside somebody else's lock (hooks, the preload).
//
// Every 10 ms it looks whether a thread has waited longer than the delay since the last check, and checks then. Its own cost
// stretches the pause, to two percent of a processor at most.
//
// Thread safety: all. The thread is named tailback-locks, has all signals blocked and ends with the process.
#pragma once

namespace tailback::locks {

/// Starts the watch, once a process; again after a fork. False when no thread is to be had.
bool start_deadlock_watch() noexcept;

}  // namespace tailback::locks
