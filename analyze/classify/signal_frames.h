// The frame that the kernel puts between a signal's handler and the code that it interrupted.
#pragma once

#include <algorithm>
#include <string_view>

#include "analyze/classify/thread_view.h"

namespace tailback::analyze {

/// gdb's words, and the names of glibc's, musl's and the vdso's code that ends a handler.
inline constexpr std::string_view kSignalFrames[] = {"<signal handler called>", "__restore_rt", "__restore", "__kernel_rt_sigreturn", "__kernel_sigreturn"};

[[nodiscard]] inline bool is_signal_frame(std::string_view function) {
  return std::find(std::begin(kSignalFrames), std::end(kSignalFrames), function) != std::end(kSignalFrames);
}

/// Whether the frames up to `inner` run in a handler of a signal that came in `outer` or in what that called.
[[nodiscard]] inline bool signal_between(const ThreadView& thread, std::size_t inner, std::size_t outer) {
  for (std::size_t i = inner; i < outer && i < thread.size(); ++i) {
    if (is_signal_frame(thread.function(i))) return true;
  }
  return false;
}

}  // namespace tailback::analyze
