#include "replay/sources/gdb_shown.h"

#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace tailback::replay {
namespace {

class Repeats {
 public:
  Repeats(const Dump& dump, const StackTable& table, std::span<const ShownStack> shown) : dump_(dump), table_(table), headed_(dump.threads.size(), true) {
    for (const ShownStack& stack : shown) headed_[stack.thread] = false;
    for (const ShownStack& stack : shown) {
      if (stack.known) offer(stack.thread);
    }
    for (std::size_t i = 0; i < headed_.size(); ++i) {
      if (!headed_[i]) continue;
      offer(i);
      if (!dump.threads[i].stack) continue;
      stacks_.insert(dump.threads[i].stack.index);
      innermost_.insert(frames(i)[0].index);
    }
  }

  /// `next`: the first thread behind it that stays, or one past the last.
  [[nodiscard]] bool operator()(const ShownStack& shown, std::size_t next) const {
    const ThreadRecord& own = dump_.threads[shown.thread];
    if (shown.known) return best_.at(own.id) != shown.thread;
    if (!own.stack) return false;
    if (stacks_.contains(own.stack.index)) return true;
    if (frames(shown.thread).size() > 1) return false;
    const FrameId frame = frames(shown.thread)[0];
    const bool begins_next = next < dump_.threads.size() && frames(next).size() > 1 && frames(next)[0] == frame;
    return innermost_.contains(frame.index) || begins_next;
  }

 private:
  [[nodiscard]] std::span<const FrameId> frames(std::size_t thread) const { return table_.stack(dump_.threads[thread].stack); }

  /// Of one thread's stacks the longest stays; of those as long, the one with a header, else the first.
  void offer(std::size_t thread) {
    const auto [best, first] = best_.try_emplace(dump_.threads[thread].id, thread);
    const auto rank = [this](std::size_t i) { return std::tuple(frames(i).size(), headed_[i] ? 1 : 0, -static_cast<std::ptrdiff_t>(i)); };
    if (!first && rank(thread) > rank(best->second)) best->second = thread;
  }

  const Dump& dump_;
  const StackTable& table_;
  std::vector<bool> headed_;
  std::unordered_map<std::string_view, std::size_t> best_;  ///< by the thread's id
  std::unordered_set<std::uint32_t> stacks_, innermost_;    ///< of threads with a header
};

}  // namespace

std::vector<bool> repeated_stacks(const Dump& dump, const StackTable& table, std::span<const ShownStack> shown) {
  std::vector<bool> repeated(dump.threads.size());
  const Repeats is_repeat(dump, table, shown);
  std::size_t next = dump.threads.size();
  for (std::size_t i = dump.threads.size(); i-- > 0;) {
    const bool is_shown = !shown.empty() && shown.back().thread == i;
    repeated[i] = is_shown && is_repeat(shown.back(), next);
    if (is_shown) shown = shown.first(shown.size() - 1);
    if (!repeated[i]) next = i;
  }
  return repeated;
}

}  // namespace tailback::replay
