// A report is a burst of lines about many tasks; one is one dump:
//
//     INFO: task syz-executor.0:29056 blocked for more than 143 seconds.      a task that is hung: who, since when
//           Not tainted 5.15.0-rc5 #1
//     task:syz-executor.0  state:D stack:14632 pid:29056 ppid:  6574 flags:0x00000004
//     Workqueue: events_unbound async_run_entry_fn
//     Call Trace:                                                              → kTrace: its frames, innermost first
//      __schedule+0x4a1/0x1720
//     RIP: 0033:0x4692c9                                                       ends it: the rest is user space's registers
//     INFO: task cat:115 is blocked on a mutex likely owned by task cat:114.   and that one's stack, from 6.15 on
//     Showing all locks held in the system:
//     2 locks held by syz-executor.0/29056:                                    → kLocks: in the order in which they were asked for
//      #0: ffff88811912f460 (sb_writers#22){.+.+}-{0:0}, at: fscrypt_ioctl_set_policy+0xfc/0x2a0
//
// and lockdep's own, of what may go wrong or just did:
//
//     WARNING: possible recursive locking detected
//     cat/1212 is trying to acquire lock:                                      → kAsked
//     ffffffffc0591cf0 (cxl_region_rwsem){++++}-{4:4}, at: decoders_committed_show+0x2a/0x90 [cxl_core]
//     but task is already holding lock:                                        → kHeld
//     -> #1 (fs_reclaim){+.+.}:                                                → kChain: where it was taken at other times; no one's stack now
//     stack backtrace:                                                         the task's own
#include "replay/sources/kernel_log.h"

#include <algorithm>
#include <array>

#include "replay/sources/dump_builder.h"
#include "replay/sources/kernel_dump.h"
#include "replay/sources/kernel_lines.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

class KernelLogReader final : public LineReader {
 public:
  KernelLogReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "kernel-log", Runtime::kKernel), dump_(builder_) {}

  void line(const Line& line) override;
  void finish() override {
    end_dump();
    builder_.finish();
  }

 private:
  enum class State : std::uint8_t { kNone, kTrace, kSkippedTrace, kLocks, kAsked, kHeld, kChain };
  /// A time without a line of a report, after which the next is another's.
  static constexpr std::int64_t kQuietNs = 10'000'000'000;

  bool read_header(const Line& line, std::string_view text);
  bool read_report(const Line& line, std::string_view text);
  bool read_lock(const Line& line, std::string_view text);
  void read_frame(std::string_view text);
  void add_frame(const KernelFrame& frame);
  void end_trace();
  void stuck(const Line& line, const KernelStuck& stuck);
  void begin_announced(const Line& line);
  void begin_stack(const Line& line, const KernelTask& task, bool running_now);
  void touch(const Line& line);
  ListedTask& current(const Line& line) { return dump_.task(current_pid_, {}, line.number); }
  void end_splat();
  void end_dump();

  DumpBuilder builder_;
  KernelDump dump_;
  State state_ = State::kNone;
  std::string current_pid_;
  std::string broken_;               ///< a line whose end is to come: console output breaks "#0: " and "task:" lines
  std::string announced_hung_, announced_owner_;  ///< pid whose stack is to come
  std::string caller_;               ///< Arm: of the last frame; it has no line of its own where the trace ends
  bool in_interrupt_ = false;        ///< between <IRQ> and </IRQ>
  std::int64_t wall_ns_ = 0, mono_ns_ = 0, last_ns_ = 0;
  std::string splat_;                ///< "possible recursive locking detected"
  std::string splat_pid_, chain_;
  ListedLock asked_, held_;
  bool lockdep_off_ = false;
  bool processors_ = false;          ///< sysrq-l: what each processor is at
  bool self_printed_ = false;        ///< the stack begins with the functions that print it
};

std::int64_t time_of(const Line& line) { return line.mono_ns != 0 ? line.mono_ns : line.wall_ns; }

ListedLock listed(const KernelLock& lock) { return {lock.address, std::string(lock.name), std::string(lock.usage), std::string(lock.site), {}}; }

/// The outermost of the functions at a place comes last.
void set_site(ListedLock& lock, std::string_view site) {
  lock.inlined.append(" ").append(lock.site);
  lock.site = site;
}

/// Begins a report's part: whether it belongs to the report that is open is told by the time between them.
void KernelLogReader::touch(const Line& line) {
  const std::int64_t now = time_of(line);
  if (!dump_.empty() && last_ns_ != 0 && now - last_ns_ > kQuietNs) end_dump();
  if (dump_.empty()) wall_ns_ = line.wall_ns, mono_ns_ = line.mono_ns;
  last_ns_ = now;
}

void KernelLogReader::end_dump() {
  end_trace();
  end_splat();
  dump_.end(wall_ns_, mono_ns_);
  state_ = State::kNone;
  announced_hung_.clear();
  announced_owner_.clear();
}

/// What a recursive one asks for it holds: it goes no further. Of a circle it is only known that it is possible.
void KernelLogReader::end_splat() {
  if (splat_.empty()) return;
  std::string text = std::exchange(splat_, {});
  if (!asked_.name.empty()) text += ": asks for " + asked_.name + (asked_.site.empty() ? "" : " at " + asked_.site);
  if (!held_.name.empty()) text += ", holds " + held_.name + (held_.site.empty() ? "" : " taken at " + held_.site);
  if (!chain_.empty()) text += "; taken in another order before: " + chain_;
  dump_.add_statement(std::move(text));
  if (!splat_pid_.empty() && asked_.address != 0 && asked_.address == held_.address && !is_annotation(asked_)) {
    ListedTask& task = dump_.task(splat_pid_, {}, 0);
    const bool told = std::any_of(task.locks.begin(), task.locks.end(), [&](const ListedLock& lock) { return lock.address == held_.address; });
    if (!told) task.locks.push_back(held_);
    task.locks.push_back(asked_);
    task.asks_again = true;
  }
  chain_.clear();
  splat_pid_.clear();
  asked_ = held_ = {};
}

void KernelLogReader::line(const Line& line) {
  std::string_view text = trim(line.text);
  if (text.empty()) return;
  if (!broken_.empty()) {
    // Joined until it is whole; a line that begins something else was no part of it.
    if (broken_.size() > 512 || text.starts_with("task:") || text.starts_with("#")) broken_.clear();
    else {
      broken_.append(broken_.ends_with(' ') ? "" : " ").append(text);
      const std::string joined = std::exchange(broken_, {});
      if (!read_header({line}, joined)) (void)read_lock(line, joined);
      return;
    }
  }
  if (read_header(line, text) || read_report(line, text)) return;
  switch (state_) {
    case State::kLocks: case State::kAsked: case State::kHeld: (void)read_lock(line, text); return;
    case State::kTrace: return read_frame(text);
    default: return;
  }
}

/// Lines that begin a task's part.
bool KernelLogReader::read_header(const Line& line, std::string_view text) {
  if (const auto task = parse_task_line(text)) {
    if (task->pid.empty()) {
      broken_ = text;
      return true;
    }
    begin_stack(line, *task, false);
    return true;
  }
  if (const auto task = parse_cpu_line(text)) {
    if (dump_.empty() && splat_.empty() && !processors_) return true;  // a warning's or an oops's: no report on tasks
    begin_stack(line, *task, true);
    return true;
  }
  if (const auto stuck = parse_stuck_line(text)) {
    this->stuck(line, *stuck);
    return true;
  }
  if (const auto blocker = parse_blocker_line(text)) {
    touch(line);
    dump_.add_blocker(*blocker, line.number);
    announced_owner_ = blocker->owner.pid;
    return true;
  }
  if (const auto task = parse_holder_line(text)) {
    touch(line);
    end_trace();
    ListedTask& holder = dump_.task(task->pid, task->name, line.number);
    if (holder.name.empty()) holder.name = task->name;
    holder.locks.clear();
    current_pid_ = task->pid;
    state_ = State::kLocks;
    return true;
  }
  return false;
}

/// Lines that belong to a report as a whole.
bool KernelLogReader::read_report(const Line& line, std::string_view text) {
  if (text.starts_with("Call Trace:") || text.starts_with("Call trace:") || text.starts_with("Backtrace:")) {
    if (state_ == State::kSkippedTrace || state_ == State::kChain) return true;
    if (state_ == State::kNone) begin_announced(line);
    if (!current_pid_.empty() && !dump_.empty()) state_ = State::kTrace;
    return true;
  }
  if (std::string_view rest = text; skip(rest, "Workqueue: ")) {
    if (state_ == State::kTrace) current(line).workqueue = rest;
    return true;
  }
  if (text.find("locking detected") != std::string_view::npos || text.find("locking dependency detected") != std::string_view::npos) {
    const std::size_t possible = text.find("possible ");
    if (possible == std::string_view::npos) return false;
    end_dump();
    touch(line);
    splat_ = text.substr(possible);
    while (splat_.ends_with(' ') || splat_.ends_with(']')) splat_.pop_back();  // [ INFO: … ]
    return true;
  }
  if (const std::size_t at = text.find(" is trying to acquire lock"); at != std::string_view::npos && !splat_.empty()) {
    if (const std::size_t slash = text.substr(0, at).rfind('/'); slash != std::string_view::npos) {
      splat_pid_ = text.substr(slash + 1, at - slash - 1);
      dump_.task(splat_pid_, text.substr(0, slash), line.number);
    }
    state_ = State::kAsked;
    return true;
  }
  if (text.starts_with("but task is already holding")) return state_ = State::kHeld, true;
  if (std::string_view rest = text; !splat_.empty() && skip(rest, "-> #")) {
    (void)take_number(rest);
    if (const auto lock = parse_lock_line(rest)) chain_ += (chain_.empty() ? "" : ", then ") + std::string(lock->name);
    return state_ = State::kChain, true;
  }
  if (text.starts_with("stack backtrace:") || text.starts_with("other info that might help")) return state_ = State::kNone, true;
  if (text.find("lockdep is turned off") != std::string_view::npos && !std::exchange(lockdep_off_, true)) {
    builder_.diagnose(Severity::kInformation, line.number, "lockdep is turned off: the log does not tell who holds which lock");
    return true;
  }
  if (text.find("ysrq: Show ") != std::string_view::npos || text.find("ysRq : Show ") != std::string_view::npos) {  // State, Blocked State, backtrace of all active CPUs
    end_dump();
    processors_ = text.find("backtrace of") != std::string_view::npos;
    return true;
  }
  if (text.starts_with("Showing all locks held")) return end_trace(), touch(line), state_ = State::kLocks, current_pid_.clear(), true;
  return false;
}

/// Between what is stuck and its trace the task's own line is missing, or has lost its columns.
void KernelLogReader::begin_announced(const Line& line) {
  const ListedTask* task = dump_.find(announced_hung_);
  if (task == nullptr || task->has_stack) return;
  KernelTask known;
  const std::string pid = task->pid;
  known.pid = pid;
  known.state = task->state != 0 ? task->state : 'D';
  begin_stack(line, known, false);
}

void KernelLogReader::stuck(const Line& line, const KernelStuck& stuck) {
  end_trace();
  touch(line);
  if (const ListedTask* known = dump_.find(stuck.task.pid); known != nullptr && known->hung_seconds >= 0) {
    end_dump();  // the next round of the watchdog
    touch(line);
  }
  ListedTask& task = dump_.task(stuck.task.pid, stuck.task.name, line.number);
  task.hung_seconds = stuck.seconds;
  if (stuck.running) task.state = 'R';
  announced_hung_ = stuck.task.pid;
  state_ = State::kNone;
}

void KernelLogReader::begin_stack(const Line& line, const KernelTask& task, bool running_now) {
  end_trace();
  touch(line);
  const bool announced = announced_hung_ == task.pid || announced_owner_ == task.pid;
  const ListedTask* known = dump_.find(task.pid);
  state_ = State::kTrace;
  in_interrupt_ = false;
  self_printed_ = running_now;
  if (known != nullptr && known->has_stack) {
    // Printed a second time: as the owner of a lock, by the processor it is on, or in another report.
    if (running_now || announced) {
      announced_owner_.clear();
      state_ = State::kSkippedTrace;
      return;
    }
    end_dump();
    touch(line);
    state_ = State::kTrace;
  }
  ListedTask& listed = dump_.task(task.pid, task.name, line.number);
  if (listed.name.empty()) listed.name = task.name;
  listed.state = task.state;
  listed.has_stack = true;
  current_pid_ = task.pid;
  announced_owner_.clear();
}

bool KernelLogReader::read_lock(const Line& line, std::string_view text) {
  if (std::string_view site = text; skip(site, ", at: ") && !current_pid_.empty() && !current(line).locks.empty()) {
    set_site(current(line).locks.back(), site.substr(0, site.find("+0x") == std::string_view::npos ? site.size() : site.find(' ')));
    return true;
  }
  const auto lock = parse_lock_line(text);
  const bool numbered = text.starts_with('#');
  if (!lock || lock->site.empty()) {
    // " #0: \nffffffff8e333e60\n (\nrcu_read_lock\n){....}-{1:2}\n, at: f+0x1/0x2", "…, at:\nf+0x1/0x2"
    if (text.find("<RELEASED>") == std::string_view::npos && (numbered || (lock && !lock->usage.empty()) || !broken_.empty())) broken_ = text;
    return false;
  }
  if (state_ == State::kAsked) return asked_ = listed(*lock), true;
  if (state_ == State::kHeld) return held_ = listed(*lock), true;
  if (lock->index < 0 || current_pid_.empty()) return false;
  std::vector<ListedLock>& locks = current(line).locks;
  // One line for each function inlined at the place, the outermost last.
  if (!locks.empty() && lock->index + std::size_t{1} == locks.size()) {
    set_site(locks.back(), lock->site);
  } else if (locks.size() < 1024) {
    locks.push_back(listed(*lock));
  }
  return true;
}

void KernelLogReader::read_frame(std::string_view text) {
  if (text.starts_with("<") && text.ends_with(">")) {  // <TASK>, <IRQ>, </IRQ>, <NMI>
    if (text == "<IRQ>" || text == "<NMI>" || text == "<SOFTIRQ>" || text == "<EOI>" || text == "<EOE>") in_interrupt_ = text[1] != 'E';
    else in_interrupt_ = false;
    return;
  }
  if (std::string_view rest = text; skip(rest, "RIP: ") || skip(rest, "pc : ")) {
    // In the kernel it is the innermost frame, or the one that an interrupt stopped; else the stack's end.
    const std::size_t colon = rest.find(':');
    const std::string_view segment = rest.substr(0, colon);
    if (segment == "0033" || segment == "0023") {
      state_ = State::kNone;
      return;
    }
    if (segment == "0010") rest.remove_prefix(colon + 1);
    const auto frame = parse_kernel_frame(rest);
    if (frame && !in_interrupt_) add_frame(*frame);
    return;
  }
  const auto frame = parse_kernel_frame(text);
  if (!frame || in_interrupt_) return;
  if (!caller_.empty() && caller_ != frame->function) end_trace();
  caller_.clear();
  add_frame(*frame);
  caller_ = frame->caller;
}

void KernelLogReader::end_trace() {
  if (caller_.empty()) return;
  const std::string name = std::exchange(caller_, {});
  KernelFrame frame;
  frame.function = frame.site = name;
  add_frame(frame);
}

void KernelLogReader::add_frame(const KernelFrame& frame) {
  ListedTask& task = dump_.task(current_pid_, {}, 0);
  if (task.frames.size() >= DumpBuilder::kMaximumFrames) return;
  // A processor that prints its own stack, for lockdep or sysrq-l: those frames are not the task's.
  static constexpr std::string_view kOwn[] = {"dump_stack",     "__dump_stack",   "show_stack",   "nmi_", "print_",        "check_noncircular",
                                              "check_deadlock", "check_prev",     "validate_chain", "__lock_acquire", "lock_acquire"};
  if (self_printed_ && task.frames.empty()) {
    for (const std::string_view own : kOwn) {
      if (frame.function.starts_with(own)) return;
    }
  }
  StackTable& table = builder_.table();
  Frame interned;
  interned.function = table.intern(frame.function);
  if (!frame.file.empty()) interned.file = table.intern(frame.file);
  if (!frame.module.empty()) interned.module = table.intern(frame.module);
  interned.line = frame.line;
  interned.inlined = frame.inlined;
  (frame.unreliable ? task.guesses : task.frames).push_back(table.intern(interned));
  (frame.unreliable ? task.guessed_sites : task.sites).emplace_back(frame.site);
}

Recognition recognise(std::string_view head) {
  const auto has = [&](std::string_view words) { return contains(head, words); };
  if (has(" blocked for more than ") && has(" seconds.") && has("task ")) return {95, "\"task … blocked for more than … seconds.\""};
  if (has("Showing all locks held in the system:")) return {95, "\"Showing all locks held in the system:\""};
  if (has("possible recursive locking detected") || has("possible circular locking dependency detected")) return {90, "a report of lockdep's"};
  if (has("task:") && has(" state:") && has(" stack:")) return {90, "\"task:… state:… stack:…\""};
  if (has("PC stack   pid father")) return {90, "\"task PC stack pid father\""};
  if (has("soft lockup - CPU#") && has("Call Trace:")) return {80, "\"soft lockup\" and \"Call Trace:\""};
  return {0, "no hung task, list of tasks or locks, or soft lockup of the Linux kernel's"};
}

constexpr std::array kSigns = std::to_array<Sign>({{" blocked for more than "}, {"Showing all locks held in the system:"}, {"possible recursive locking detected"},
                                                      {"possible circular locking dependency detected"}, {" stack:"}, {"PC stack   pid father"}, {"soft lockup - CPU#"}});

}  // namespace

const Format& kernel_log_format() {
  static constexpr Format kFormat{
      "kernel-log", "the Linux kernel's log: hung tasks, sysrq-t and -w, lockdep", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<KernelLogReader>(options, sink); },
      nullptr, [](std::string_view line) { return line.starts_with("INFO: task ") && line.find(" blocked for more than ") != std::string_view::npos; }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
