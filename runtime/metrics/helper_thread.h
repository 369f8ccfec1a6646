// The recorder's own threads: named, with every signal blocked, so that the service's signals go to the service's threads, and
// with a small stack of their own.
#pragma once

#include <functional>

namespace tailback {

/// Starts a thread that nobody joins. False when the system gives none.
/// `name` is a literal of at most 15 characters. `body` must not throw.
[[nodiscard]] bool start_detached_thread(const char* name, std::function<void()> body);

}  // namespace tailback
