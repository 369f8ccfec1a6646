#include "analyze/holders/python_locks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "analyze/classify/runtime_rules.h"
#include "analyze/classify/source_evidence.h"
#include "analyze/classify/thread_view.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kMostLines = 4096;

struct Taker {
  std::uint32_t thread = 0;
  std::uint16_t frame = 0;
  SourceHold hold;
};

/// All that the source says of one lock, or of all objects' locks of one name.
struct Named {
  std::vector<Taker> waiters, holders;
  std::vector<Taker> again;  ///< holders that wait for the very lock that they hold
};

class PythonLocks {
 public:
  PythonLocks(Recording& recording, Dump& dump, std::vector<Activity>& activities, const AnalyzeOptions& options)
      : recording_(recording), dump_(dump), activities_(activities), finder_(options.source_dir, options.source_from_paths) {}

  bool run() {
    find_other_versions();
    std::vector<bool> waits(dump_.threads.size(), false);
    for (const Wait& wait : dump_.waits) {
      if (wait.thread.index < waits.size()) waits[wait.thread.index] = true;
    }
    for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) read_thread(i, waits[i]);
    for (auto& [key, named] : locks_) add(std::get<0>(key), named);
    return added_;
  }

 private:
  using Key = std::tuple<StringId, std::string>;  ///< file, lock

  struct KeyLess {
    bool operator()(const Key& a, const Key& b) const { return std::tuple(std::get<0>(a).index, std::get<1>(a)) < std::tuple(std::get<0>(b).index, std::get<1>(b)); }
  };

  const SourceEvidence& evidence(const ThreadView& view, std::size_t frame) {
    static const SourceEvidence kNothing;
    const Frame& at = view.frame(frame);
    if (!at.file.valid() || at.line == 0 || other_version_.contains(at.file.index)) return kNothing;
    const StringId callee = frame > 0 ? view.frame(frame - 1).function : StringId{};
    const std::tuple key{at.file.index, at.line, callee.index};
    if (const auto known = evidence_.find(key); known != evidence_.end()) return known->second;
    if (evidence_.size() >= kMostLines) return kNothing;
    return evidence_.emplace(key, finder_.evidence(view.file(frame), at.line, recording_.table.text(callee))).first->second;
  }

  /// Files of which a frame's line is not in the function that the dump names.
  void find_other_versions() {
    for (const ThreadRecord& thread : dump_.threads) {
      const ThreadView view(recording_.table, thread);
      for (std::size_t i = 0; i < view.size(); ++i) {
        const std::string_view function = view.function(i);
        if (finder_.text(view.file(i)) == nullptr || (function.starts_with('<') && function != "<module>")) continue;  // "<lambda>", "<listcomp>"
        const SourceEvidence& at = evidence(view, i);
        if (!at.in_function || at.function != function) other_version_.insert(view.frame(i).file.index);
      }
    }
  }

  /// Whether every call from `frame` inwards is made on the same object: a method's own.
  bool same_object(const ThreadView& view, std::size_t frame) {
    for (std::size_t i = frame; i > 0; --i) {
      const SourceEvidence& at = evidence(view, i);
      if (!at.callee_found || at.callee_object != "this") return false;
    }
    return true;
  }

  /// What the innermost frame asks for; none where the source doesn't tell.
  std::optional<SourceHold> asked(const ThreadView& view, const ThreadRecord& thread, const Activity& activity) {
    if (view.size() == 0 || thread.state == ThreadState::kRunning || activity.kind != ActivityKind::kUnknown) return std::nullopt;
    const SourceEvidence& at = evidence(view, 0);
    if (at.taken.size() != 1 || at.taken.front().maybe || at.taken.front().key.empty()) return std::nullopt;
    return at.taken.front();
  }

  void read_thread(std::uint32_t index, bool waits) {
    const ThreadRecord& thread = dump_.threads[index];
    const ThreadView view(recording_.table, thread);
    const std::optional<SourceHold> wanted = waits ? std::nullopt : asked(view, thread, activities_[index]);
    if (!waits && !wanted) read_wait(index, view, thread);
    bool reentered = false;
    std::set<Key, KeyLess> mine;
    for (std::size_t frame = 0; frame < view.size(); ++frame) {
      for (const SourceHold& hold : evidence(view, frame).held) {
        if (hold.maybe || !mine.insert({view.frame(frame).file, hold.key}).second) continue;
        const Taker taker{index, static_cast<std::uint16_t>(frame), hold};
        Named& named = locks_[{view.frame(frame).file, hold.key}];
        const bool asks_again = wanted && wanted->key == hold.key && view.frame(0).file == view.frame(frame).file;
        const bool same = asks_again && (hold.one_object || same_object(view, frame));
        if (asks_again && hold.kind == LockKind::kRecursiveMutex) reentered = true;
        else if (same) named.again.push_back(taker);
        named.holders.push_back(taker);
      }
    }
    // Whose lock may be taken again by its owner does not wait for itself, and whether it is its own is not told.
    if (wanted && !reentered) locks_[{view.frame(0).file, wanted->key}].waiters.push_back({index, 0, *wanted});
  }

  /// What a thread waits for that is no lock: calls of C code have no frame, and of a condition the frames do not say which.
  void read_wait(std::uint32_t index, const ThreadView& view, const ThreadRecord& thread) {
    Activity& activity = activities_[index];
    if (view.size() == 0) return;
    if (activity.kind == ActivityKind::kUnknown && thread.state != ThreadState::kRunning) {
      const std::string& call = evidence(view, 0).blocks_in;
      if (!call.empty()) activity.kind = call == "sleep" ? ActivityKind::kSleep : ActivityKind::kIo;
    }
    const std::size_t own = activity.own_frame;
    if ((activity.kind != ActivityKind::kCondition && activity.kind != ActivityKind::kWaitGroup) || own == 0 || own >= view.size()) return;
    const std::vector<SourceHold>& awaited = evidence(view, own).awaited;
    if (awaited.size() != 1) return;
    const auto [known, added] = conditions_.try_emplace(Key{view.frame(own).file, awaited.front().key});
    if (added) known->second = add_lock(view.frame(own).file, awaited.front());
    dump_.waits.push_back(Wait{.thread = {index}, .lock = known->second, .frame = static_cast<std::uint16_t>(own - 1), .since_ns = thread.waited_ns});
  }

  void add(StringId file, Named& named) {
    if (named.waiters.empty()) return;
    // Of several holders of locks of one name, one that waits for itself is known to wait for its own, whatever the others wait for.
    if (named.holders.size() > 1 && !named.waiters.front().hold.one_object) {
      for (const Taker& taker : named.again) {
        std::erase_if(named.waiters, [&](const Taker& w) { return w.thread == taker.thread; });
        const LockId lock = add_lock(file, taker.hold);
        add_wait(lock, {taker.thread, 0, taker.hold});
        add_hold(lock, taker, 2);
      }
      if (named.waiters.empty()) return;
    }
    const LockId lock = add_lock(file, named.waiters.front().hold);
    for (const Taker& waiter : named.waiters) add_wait(lock, waiter);
    if (named.holders.size() != 1 || dump_.threads[named.holders.front().thread].count != 1) return;
    const Taker& holder = named.holders.front();
    const bool waits_too = std::any_of(named.waiters.begin(), named.waiters.end(), [&](const Taker& w) { return w.thread == holder.thread; });
    if (waits_too && named.again.empty()) return;  // for another object's, or its own: not told
    add_hold(lock, holder, holder.hold.one_object || !named.again.empty() ? 2 : 1);
  }

  LockId add_lock(StringId file, const SourceHold& hold) {
    std::string_view path = recording_.table.text(file);
    path = path.substr(path.rfind('/') + 1);
    if (path.ends_with(".py")) path.remove_suffix(3);
    Lock lock;
    lock.kind = hold.kind;
    lock.name = recording_.table.intern(std::string(path) + "." + hold.key);
    dump_.locks.push_back(lock);
    return {static_cast<std::uint32_t>(dump_.locks.size() - 1)};
  }

  void add_wait(LockId lock, const Taker& waiter) {
    Wait wait;
    wait.thread = {waiter.thread};
    wait.lock = lock;
    wait.frame = Wait::kNoFrame;
    wait.since_ns = dump_.threads[waiter.thread].waited_ns;
    dump_.waits.push_back(wait);
    Activity& activity = activities_[waiter.thread];
    activity.kind = ActivityKind::kLock;
    activity.wait_frame = 0;
    activity.own_frame = own_frame(kPythonRules, recording_.table, ThreadView(recording_.table, dump_.threads[waiter.thread]), 0);
    added_ = true;
  }

  void add_hold(LockId lock, const Taker& taker, std::uint8_t strength) {
    const ThreadView view(recording_.table, dump_.threads[taker.thread]);
    std::string_view file = view.file(taker.frame);
    file = file.substr(file.rfind('/') + 1);
    const auto quote = [&](std::uint32_t line, const std::string& text) { return std::string(file) + ":" + std::to_string(line) + " `" + text + "`"; };
    Hold hold;
    hold.thread = {taker.thread};
    hold.lock = lock;
    hold.basis = Basis::kInferred;
    hold.frame = taker.frame;
    hold.strength = strength;
    hold.evidence = recording_.table.intern("the source takes it at " + quote(taker.hold.line, taker.hold.text) + " and has not given it back at " +
                                            quote(view.frame(taker.frame).line, evidence(view, taker.frame).text) +
                                            (taker.hold.one_object || strength > 1 ? "" : "; whether it is the same object's, the dump does not tell"));
    dump_.holds.push_back(hold);
  }

  Recording& recording_;
  Dump& dump_;
  std::vector<Activity>& activities_;
  SourceFinder finder_;
  std::set<std::uint32_t> other_version_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, SourceEvidence> evidence_;  ///< by file, line, callee
  std::map<Key, Named, KeyLess> locks_;
  std::map<Key, LockId, KeyLess> conditions_;  ///< and what else is waited at and not held
  bool added_ = false;
};

}  // namespace

bool bind_python_locks(Recording& recording, std::size_t dump, std::vector<Activity>& activities, const AnalyzeOptions& options) {
  return PythonLocks(recording, recording.dumps[dump], activities, options).run();
}

}  // namespace tailback::analyze
