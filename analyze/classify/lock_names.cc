#include "analyze/classify/lock_names.h"

#include <map>
#include <optional>
#include <set>
#include <string>

#include "analyze/classify/lock_members.h"
#include "runtime/symbols/function_name.h"

namespace tailback::analyze {
namespace {

/// How far out from the wait the function of the lock's owner is looked for: past wrappers and guards.
constexpr std::size_t kCallers = 6;

class LockNamer {
 public:
  explicit LockNamer(Recording& recording) : recording_(recording) {
    for (const Module& module : recording.modules) build_ids_[module.path] = module.build_id;
  }

  void name(Dump& dump) {
    std::map<LockId, std::set<std::string>> names;
    for (const Wait& wait : dump.waits) {
      const Lock& lock = dump.locks[wait.lock.index];
      if (lock.name || lock.address == 0) continue;
      const StackId stack = dump.threads[wait.thread.index].stack;
      if (const auto name = name_from(stack, dump.asking_frame(wait), lock.kind)) names[wait.lock].insert(*name);
    }
    for (const auto& [lock, candidates] : names) {
      if (candidates.size() == 1) dump.locks[lock.index].name = recording_.table.intern(*candidates.begin());
    }
  }

 private:
  struct Key {
    StackId stack;
    std::size_t asking;
    LockKind kind;
    auto operator<=>(const Key&) const = default;
  };

  /// Cached by stack: 47,841 threads on one stack ask once.
  std::optional<std::string> name_from(StackId stack, std::size_t asking, LockKind kind) {
    const auto [at, fresh] = known_.try_emplace(Key{stack, asking, kind});
    if (fresh) at->second = look_up(stack, asking, kind);
    return at->second;
  }

  std::optional<std::string> look_up(StackId stack, std::size_t asking, LockKind kind) {
    const auto frames = recording_.table.stack(stack);
    for (std::size_t i = asking; i < frames.size() && i < asking + kCallers; ++i) {
      const std::vector<LockMember> members = members_at(recording_.table.frame(frames[i]));
      std::optional<std::string> only;
      for (const LockMember& member : members) {
        if (!same_kind(member.kind, kind)) continue;
        if (only) return std::nullopt;  // two that it could be
        only = member.class_name + "::" + member.member;
      }
      // A wrapper such as std::mutex names nothing: its member is the lock itself, and so is the wrapper.
      if (only && !members[0].whole) return only;
    }
    return std::nullopt;
  }

  std::vector<LockMember> members_at(const Frame& frame) {
    const std::string path(recording_.table.text(frame.module));
    if (path.empty() || frame.offset == 0) return {};
    return members_.of_function(path, build_ids_[path], frame.offset, last_name(recording_.table.text(frame.function)));
  }

  static bool same_kind(LockKind member, LockKind lock) {
    return member == lock || (member == LockKind::kMutex && lock == LockKind::kRecursiveMutex);
  }

  Recording& recording_;
  std::map<std::string, std::string> build_ids_;
  std::map<Key, std::optional<std::string>> known_;
  LockMembers members_;
};

}  // namespace

void name_locks(Recording& recording) {
  if (recording.info.runtime != Runtime::kNative) return;
  LockNamer namer(recording);
  for (Dump& dump : recording.dumps) namer.name(dump);
}

}  // namespace tailback::analyze
