#include "analyze/holders/interrupted.h"

#include <algorithm>
#include <optional>
#include <string>

#include "analyze/classify/signal_frames.h"
#include "analyze/words/names.h"
#include "runtime/capture/lock_api.h"

namespace tailback::analyze {
namespace {

/// Of the functions that share a lock of libc's, the beginnings of their bare names.
struct Family {
  std::string_view what;
  std::initializer_list<std::string_view> functions;
};

const Family kFamilies[] = {
    {"the allocator's lock",
     {"malloc", "calloc", "realloc", "free", "cfree", "memalign", "aligned_alloc", "posix_memalign", "int_malloc", "int_free", "int_realloc", "int_memalign", "sysmalloc", "systrim",
      "libc_malloc", "libc_calloc", "libc_realloc", "libc_free", "libc_memalign", "unlink_chunk", "arena_get"}},
    {"the lock of the time zones", {"tz_convert", "tzset", "tzfile_", "localtime", "mktime"}},
};

bool is_of(const Family& family, std::string_view function) {
  const std::string_view name = bare_name(function);
  return std::any_of(family.functions.begin(), family.functions.end(), [name](std::string_view beginning) { return name.starts_with(beginning); });
}

struct Interrupted {
  std::uint16_t frame;
  bool surely;
  std::string evidence;
};

/// What was interrupted stands just below the signal: a few frames down it is the caller's.
constexpr std::size_t kDeepest = 4;

std::optional<Interrupted> interrupted(const ThreadView& view, std::size_t asking) {
  std::size_t signal = asking;
  while (signal < view.size() && !is_signal_frame(view.function(signal))) ++signal;
  if (signal >= view.size() || asking >= signal) return std::nullopt;
  const std::size_t end = std::min(signal + 1 + kDeepest, view.size());
  const std::string came = "a signal came while the thread was in ";
  for (std::size_t i = signal + 1; i < end; ++i) {
    const std::string_view function = view.function(i);
    if (function.empty()) continue;
    const std::string name = short_function(function, Runtime::kNative);
    for (const Family& family : kFamilies) {
      // The lock's own frames may have no name but the library's: "malloc" asks, or what it calls.
      const bool asks = is_of(family, view.function(asking)) || (asking > 0 && is_of(family, view.function(asking - 1)));
      if (asks && is_of(family, function)) return Interrupted{static_cast<std::uint16_t>(i), true, came + name + ", which has " + std::string(family.what)};
    }
    if (function == view.function(asking)) return Interrupted{static_cast<std::uint16_t>(i), false, came + name + ", which asks for the lock in the signal's handler, too"};
  }
  return std::nullopt;
}

}  // namespace

void add_interrupted_holds(Recording& recording, Dump& dump) {
  if (recording.info.runtime != Runtime::kNative) return;
  for (const Wait& wait : dump.waits) {
    const LockKind kind = dump.locks[wait.lock.index].kind;
    if (wait.mode != LockMode::kExclusive || (kind != LockKind::kMutex && kind != LockKind::kRwlock)) continue;
    if (std::any_of(dump.holds.begin(), dump.holds.end(), [&](const Hold& hold) { return hold.lock == wait.lock; })) continue;
    const ThreadView view(recording.table, dump.threads[wait.thread.index]);
    const auto found = interrupted(view, dump.asking_frame(wait));
    if (!found) continue;
    Hold hold;
    hold.thread = wait.thread;
    hold.lock = wait.lock;
    hold.basis = Basis::kInferred;
    hold.frame = found->frame;
    hold.strength = found->surely ? 2 : 1;
    hold.evidence = recording.table.intern(found->evidence);
    dump.holds.push_back(hold);
  }
}

}  // namespace tailback::analyze
