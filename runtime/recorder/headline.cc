#include "runtime/recorder/headline.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace tailback {
namespace {

// A queue for a lock says more than an idle pool ten times its size.
constexpr std::uint64_t kWeightOfALock = 10;
// One for a lock that is known to ring says more than any other.
constexpr std::uint64_t kWeightOfARing = 1'000'000'000;

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [text](std::string_view prefix) { return text.starts_with(prefix); });
}

/// Functions that only lead to the lock: `std::unique_lock::lock`, `__gthread_mutex_lock`, a wrapper's own `lock`.
bool is_lock_plumbing(std::string_view function) {
  if (starts_with_any(function, {"std::", "__gthread", "pthread_", "__pthread", "___pthread", "__GI_", "boost::", "absl::", "tailback::", "__"})) return true;
  const std::size_t colons = function.rfind("::");
  const std::string_view last = colons == std::string_view::npos ? function : function.substr(colons + 2);
  return starts_with_any(last, {"lock", "try_lock", "Lock", "RLock", "wait"});
}

/// The service's own function that waits: the first beyond the lock's.
std::string_view waiting_function(std::span<const FrameId> stack, std::size_t from, const StackTable& table) {
  for (std::size_t i = std::min(from, stack.size()); i < stack.size(); ++i) {
    const std::string_view function = table.function(stack[i]);
    if (!function.empty() && !is_lock_plumbing(function)) return function;
  }
  return {};
}

bool is_real_lock(LockKind kind) {
  return kind == LockKind::kMutex || kind == LockKind::kRecursiveMutex || kind == LockKind::kRwlock || kind == LockKind::kMonitor;
}

std::string lock_words(const Lock& lock, LockMode mode, const StackTable& table) {
  char address[32];
  std::snprintf(address, sizeof address, "0x%llx", static_cast<unsigned long long>(lock.address));
  const std::string name = lock.name ? std::string(table.text(lock.name)) : std::string(address);
  switch (lock.kind) {
    case LockKind::kRwlock:
      return std::string("the ") + (mode == LockMode::kShared ? "read" : "write") + " lock of " + name;
    case LockKind::kMutex:
    case LockKind::kRecursiveMutex:
    case LockKind::kMonitor:
      return "the lock " + name;
    case LockKind::kJoin:
      return "the end of a thread";
    default:
      return "the " + std::string(to_string(lock.kind)) + ' ' + name;
  }
}

struct Place {
  std::uint64_t threads = 0;
  std::set<LockId> locks;
};

struct Top {
  std::uint64_t count = 0;
  std::uint64_t weight = 0;
  std::string words;

  void offer(std::uint64_t candidate, std::uint64_t factor, auto&& make_words) {
    if (candidate * factor <= weight) return;
    count = candidate;
    weight = candidate * factor;
    words = make_words();
  }
};

}  // namespace

std::string with_thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string headline(const Dump& dump, const StackTable& table, std::span<const std::uint64_t> ringing) {
  const auto rings = [&](LockId id) { return std::find(ringing.begin(), ringing.end(), dump.locks[id.index].registry_id) != ringing.end(); };
  std::map<std::tuple<LockId, LockMode, std::string_view>, std::uint64_t> by_lock;
  std::map<std::tuple<LockKind, std::string_view>, Place> by_place;  // threads that wait each for an object of its own
  std::vector<bool> waits(dump.threads.size());
  for (const Wait& wait : dump.waits) {
    if (wait.thread.index >= dump.threads.size() || wait.lock.index >= dump.locks.size()) continue;
    const ThreadRecord& thread = dump.threads[wait.thread.index];
    const std::string_view function = waiting_function(table.stack(thread.stack), dump.asking_frame(wait), table);
    by_lock[{wait.lock, wait.mode, function}] += thread.count;
    Place& place = by_place[{dump.locks[wait.lock.index].kind, function}];
    place.threads += thread.count;
    place.locks.insert(wait.lock);
    waits[wait.thread.index] = true;
  }
  std::map<StackId, std::uint64_t> by_stack;
  for (std::size_t i = 0; i < dump.threads.size(); ++i) {
    if (!waits[i] && dump.threads[i].stack) by_stack[dump.threads[i].stack] += dump.threads[i].count;
  }

  Top top;
  for (const auto& [key, count] : by_lock) {
    const auto& [lock_id, mode, function] = key;
    const Lock& lock = dump.locks[lock_id.index];
    top.offer(count, rings(lock_id) ? kWeightOfARing : is_real_lock(lock.kind) ? kWeightOfALock : 1, [&, l = mode, f = function] {
      return "waiting for " + lock_words(lock, l, table) + (f.empty() ? "" : " in " + std::string(f));
    });
  }
  for (const auto& [key, place] : by_place) {
    const auto& [kind, function] = key;
    if (place.locks.size() < 2) continue;
    top.offer(place.threads, 1, [&, k = kind, f = function, locks = place.locks.size()] {
      return "waiting for " + with_thousands(locks) + " different objects (" + std::string(to_string(k)) + ")" +
             (f.empty() ? "" : " in " + std::string(f));
    });
  }
  for (const auto& [stack, count] : by_stack) {
    top.offer(count, 1, [&, s = stack] {
      const std::string_view function = waiting_function(table.stack(s), 0, table);
      return "in " + (function.empty() ? std::string("an unnamed function") : std::string(function));
    });
  }
  const std::uint64_t threads = dump.thread_count();
  std::string out = with_thousands(threads) + (threads == 1 ? " thread" : " threads");
  if (top.count > 0) out += ", " + with_thousands(top.count) + " of them " + top.words;
  return out;
}

}  // namespace tailback
