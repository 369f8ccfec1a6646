// How a report names things in a sentence: threads, functions, modes, what a group does.
#pragma once

#include <string>
#include <string_view>

#include "analyze/analysis.h"

namespace tailback::analyze {

/// "heap in use" for heap_in_use.
[[nodiscard]] std::string metric_words(std::string_view name);

/// "goroutine" for Go, else "thread".
[[nodiscard]] std::string_view thread_word(Runtime runtime);
/// "goroutines", "threads".
[[nodiscard]] std::string_view threads_word(Runtime runtime);

/// Whether the threads of that runtime hand things over in queues; Go and what is like it has channels.
[[nodiscard]] constexpr bool has_queues(Runtime runtime) { return runtime == Runtime::kJava || runtime == Runtime::kPython; }

/// A function's name as short as it still says which: "main.(*HashSet).AddOne" → "(*HashSet).AddOne",
/// "com.acme.store.Cache.get" → "Cache.get", "acme::store::Cache<std::string>::get" → "Cache::get".
[[nodiscard]] std::string short_function(std::string_view function, Runtime runtime);
/// A lock's name in a sentence: Java names it by its class, of which the package says little: "ReentrantLock".
[[nodiscard]] std::string short_lock_name(std::string_view name, Runtime runtime);
/// What to call a lock in a sentence: its name, else "rwlock 0xc0000b4008", else "a mutex".
[[nodiscard]] std::string lock_label(const Recording& recording, const Lock& lock);
/// The file without its folders, with the line: "hashset.go:52".
[[nodiscard]] std::string short_place(std::string_view place);

/// "read", "write" for a read-write lock; empty for a lock that has one mode only.
[[nodiscard]] std::string_view mode_word(LockKind kind, LockMode mode);

/// What the thread said that it does (task_scope); other runtimes' labels say other things.
[[nodiscard]] std::string_view task_of(const Recording& recording, const ThreadRecord& thread);
/// Its task, else a thread's name where that tells something: a thread that was given none carries the program's, cut to 15 characters.
[[nodiscard]] std::string_view given_name(const Recording& recording, const ThreadRecord& thread);
/// The names given to the threads of a group, numbers set aside where there are several: "http-exec-N"; two at most, then "…".
[[nodiscard]] std::string group_names(const Recording& recording, const Dump& dump, const Group& group);

/// What the threads of a group do: "write lock HashSet.mu", "channel receive", "network or file I/O", "runs".
[[nodiscard]] std::string group_activity(const Recording& recording, const Dump& dump, const Group& group);

/// "(*HashSet).AddOne", "lambda at service.cc:80", "libfoo.so+0x1234".
[[nodiscard]] std::string frame_name(const Recording& recording, const Frame& frame);
/// "(*HashSet).AddOne ← (*Cache).Get ← handle": the program's frames, from the one that waits outwards; at most `frames`.
[[nodiscard]] std::string own_frames(const Recording& recording, StackId stack, std::size_t own_frame, std::size_t frames);

}  // namespace tailback::analyze
