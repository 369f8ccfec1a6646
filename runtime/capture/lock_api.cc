#include "runtime/capture/lock_api.h"

#include <algorithm>
#include <array>

#include "runtime/capture/lock_functions.h"
#include "runtime/symbols/function_name.h"

namespace tailback {
namespace {

using namespace lock_functions;

/// A bare name in two parts: some libraries stand in an inline namespace that says their version, which is not part of the name.
///
///     std::__1::mutex::lock      absl::lts_20220623::Mutex::Lock
struct Name {
  std::string_view head, rest;

  explicit Name(std::string_view function) : rest(bare_name(function)) {
    for (const std::string_view version : {"std::__1::", "std::__ndk1::", "absl::lts_"}) {
      if (!rest.starts_with(version)) continue;
      head = rest.substr(0, rest.find("::") + 2);
      rest.remove_prefix(std::min(rest.size(), rest.find("::", head.size()) + 2));
      return;
    }
  }

  [[nodiscard]] bool starts_with(std::string_view prefix) const {
    return prefix.starts_with(head) ? rest.starts_with(prefix.substr(head.size())) : false;
  }
};

template <std::size_t N>
bool starts_with_any(const Name& name, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

const ApiName* api_of(std::string_view function) {
  const Name name(function);
  const auto found = std::find_if(kApis.begin(), kApis.end(), [&](const ApiName& entry) {
    return name.starts_with(entry.prefix) && (entry.member.empty() || last_name(function).starts_with(entry.member));
  });
  return found == kApis.end() ? nullptr : &*found;
}

/// A lock of the program's own making, over system calls that it makes itself.
LockApi api_of_lockable(std::string_view function) {
  const std::string_view member = last_name(function);
  const auto has = [&](std::string_view part) { return member.find(part) != std::string_view::npos; };
  const bool reads = has("shared") || has("Shared") || has("read") || has("Read") || has("rdlock");
  const bool writes = has("write") || has("Write") || has("wrlock") || has("xclusive");
  return reads ? LockApi::kOtherReadLock : writes ? LockApi::kOtherWriteLock : LockApi::kOtherMutex;
}

/// "ReadGuard::ReadGuard", "acme::Scoped<Mutex>::Scoped": a class that takes the lock when it is made; whoever makes one is the program.
bool is_constructor(std::string_view function) {
  const std::string_view member = last_name(function);
  if (member.size() + 2 >= function.size()) return false;
  std::string_view type = last_name(function.substr(0, function.size() - member.size() - 2));
  type = type.substr(0, type.find('<'));
  return type == member.substr(0, member.find('<'));
}

bool is_a_lock(LockApi api) {
  const LockKind kind = kind_of(api);
  return kind == LockKind::kMutex || kind == LockKind::kRwlock;
}

/// Whether the outer of two names tells better what is waited for: a lock, a latch, a join are made of conditions, semaphores and values. Not so of
/// "pthread_cond_wait" around a mutex: a waiter that was woken takes its mutex again in there, and waits for that.
bool says_more(LockApi outer, LockApi inner) {
  switch (inner) {
    case LockApi::kAtomicWait: return outer != LockApi::kAtomicWait;
    case LockApi::kCondition:
    case LockApi::kOtherCondition:
    case LockApi::kSemaphore: return kind_of(outer) != LockKind::kCondition && kind_of(outer) != LockKind::kFutex && kind_of(outer) != kind_of(inner);
    case LockApi::kOtherMutex: return kind_of(outer) == LockKind::kRwlock;  // absl's ReaderLock around the LockSlow of both
    default: return false;
  }
}

bool is_of_a_library(LockApi api) { return api == LockApi::kOtherMutex || api == LockApi::kOtherReadLock || api == LockApi::kOtherWriteLock; }

/// A condition's waiter that was woken takes its mutex again. Where the condition is inside of a library's own lock, that lock is what the program
/// waits for: "pthread_mutex_cond_lock" under "rw_lock_x_lock".
bool takes_mutex_again(std::span<const std::string_view> functions, const LockSite& site) {
  return site.api == LockApi::kMutex && bare_name(functions[site.api_frame]).starts_with("pthread_mutex_cond_lock");
}

/// The index of the API's own frame, or of the frame behind the last internal one; `site` is none where there is no API.
std::size_t find_api(std::span<const std::string_view> functions, LockSite& site) {
  // Unnamed frames are libc's without its symbols; the API is at most a few of them away.
  constexpr std::size_t kFarthest = 16, kMostUnnamed = 8;
  std::size_t unnamed_frames = 0;
  bool low_level = false;
  for (std::size_t at = 0; at < functions.size() && at < kFarthest; ++at) {
    if (const ApiName* api = api_of(functions[at])) {
      site = {api->api, static_cast<std::uint16_t>(at), api->timed, static_cast<std::uint16_t>(at)};
      return at;
    }
    const bool unnamed = functions[at].empty() || functions[at] == "??";
    if (unnamed && ++unnamed_frames > kMostUnnamed) break;
    if (unnamed || is_lock_internal(functions[at])) {
      low_level = low_level || starts_with_any(Name(functions[at]), kLowLevelLocks);
      continue;
    }
    if (low_level) site = {LockApi::kLowLevelLock, static_cast<std::uint16_t>(at - 1), false, static_cast<std::uint16_t>(at - 1)};
    // Without a call below it, it runs: it may spin.
    else if (at > 0 && is_lockable_member(functions[at])) site = {api_of_lockable(functions[at]), static_cast<std::uint16_t>(at), false, static_cast<std::uint16_t>(at)};
    return at;
  }
  const std::size_t end = std::min(functions.size(), kFarthest);
  if (low_level) site = {LockApi::kLowLevelLock, static_cast<std::uint16_t>(end - 1), false, static_cast<std::uint16_t>(end - 1)};
  return end;
}

}  // namespace

std::string_view bare_name(std::string_view name) {
  const auto strip = [&name] {
    while (name.starts_with('_')) name.remove_prefix(1);
  };
  strip();
  if (name.starts_with("interceptor_")) name.remove_prefix(12);  // of a sanitizer
  if (name.starts_with("GI_")) name.remove_prefix(3);
  strip();
  return name;
}

bool is_lock_internal(std::string_view function) {
  // musl's; a program's own function may be called so without the underscores.
  if (function == "__wait" || function == "__lock" || function == "__futexwait") return true;
  return starts_with_any(Name(function), kInternals);
}

bool is_lockable_member(std::string_view function) {
  const std::string_view member = last_name(function);
  return member.size() < function.size() && std::find(kLockableMembers.begin(), kLockableMembers.end(), member) != kLockableMembers.end();
}

LockSite find_lock_site(std::span<const std::string_view> functions) {
  LockSite site;
  std::size_t at = find_api(functions, site);
  if (site.api == LockApi::kNone) return {};
  const bool again = takes_mutex_again(functions, site);
  for (; at < functions.size(); ++at) {
    const Name name(functions[at]);
    // From here on outwards the once is run, by the thread that waits for another, or for the same: that is the program's call.
    if (site.api == LockApi::kOnce && name.starts_with("std::once_flag::_Prepare_execution")) break;
    const ApiName* outer = api_of(functions[at]);
    const bool future = starts_with_any(name, kFutures), lockable = outer == nullptr && is_lockable_member(functions[at]);
    if (outer == nullptr && !future && !lockable && !starts_with_any(name, kWrappers) && !(is_a_lock(site.api) && is_constructor(functions[at]))) break;
    const auto frame = static_cast<std::uint16_t>(at);
    if (future) site.api = LockApi::kFuture, site.api_frame = frame;
    else if (outer != nullptr && (says_more(outer->api, site.api) || (again && is_of_a_library(outer->api)))) site = {outer->api, frame, outer->timed, frame};
    else if (lockable && site.api != LockApi::kMutex && says_more(api_of_lockable(functions[at]), site.api)) site = {api_of_lockable(functions[at]), frame, false, frame};
    else if (outer != nullptr && kind_of(outer->api) == kind_of(site.api)) site.timed = site.timed && outer->timed;  // musl's lock is a timedlock without a time
    site.wait_frame = frame;
  }
  return site;
}

LockKind kind_of(LockApi api) {
  switch (api) {
    case LockApi::kNone: return LockKind::kUnknown;
    case LockApi::kMutex:
    case LockApi::kOtherMutex:
    case LockApi::kLowLevelLock: return LockKind::kMutex;
    case LockApi::kReadLock:
    case LockApi::kWriteLock:
    case LockApi::kOtherReadLock:
    case LockApi::kOtherWriteLock: return LockKind::kRwlock;
    case LockApi::kCondition:
    case LockApi::kOtherCondition: return LockKind::kCondition;
    case LockApi::kSemaphore: return LockKind::kSemaphore;
    case LockApi::kJoin: return LockKind::kJoin;
    case LockApi::kBarrier: return LockKind::kBarrier;
    case LockApi::kOnce: return LockKind::kOnce;
    case LockApi::kFuture: return LockKind::kFuture;
    case LockApi::kLatch: return LockKind::kWaitGroup;
    case LockApi::kAtomicWait: return LockKind::kFutex;
  }
  return LockKind::kUnknown;
}

LockMode mode_of(LockApi api) { return api == LockApi::kReadLock || api == LockApi::kOtherReadLock ? LockMode::kShared : LockMode::kExclusive; }

}  // namespace tailback
