// What the thread that joins another has to know of it: its number, and the clock of its last event. While lock events are on.
//
// A thread enters itself under its pthread_t when it starts (hooks::spawned), and leaves its last clock there when it ends. A pthread_t is used again as soon as its thread
// has been joined, or has ended detached: so a detached thread (hooks::detaching) takes its entry away at its end; and who joins (hooks::joining) finds the entry before, or makes it for a thread that has not come so far yet, and
// keeps it while he waits.
//
// Thread safety: all. Blocks: for a few instructions of another thread. Memory: an entry for each thread that has not been joined.
#pragma once

#include <cstdint>

#include <tailback/thread.h>

namespace tailback::locks {

/// The calling thread has written its last event.
void life_ended(std::uint64_t clock) noexcept;
void lives_after_fork_in_child() noexcept;

}  // namespace tailback::locks
