#include "replay/sources/javacore.h"

#include <array>

#include "replay/sources/java_thread.h"
#include "replay/sources/javacore_lines.h"
#include "replay/sources/javacore_locks.h"
#include "replay/sources/scan.h"
#include "replay/sources/wall_time.h"

namespace tailback::replay {
namespace {

/// A javacore line is a tag and its text: "4XESTACKTRACE                at com/acme/Demo.run(Demo.java:42)".
class JavacoreReader final : public LineReader {
 public:
  JavacoreReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "javacore", Runtime::kJava), threads_(builder_) {}

  void line(const Line& line) override;
  void finish() override {
    end_dump();
    builder_.finish();
  }

 private:
  using How = JavacoreWait::How;

  bool title_line(const Line& line, std::string_view tag, std::string_view text);
  bool lock_line(std::string_view tag, std::string_view text);
  void thread_line(const Line& line, std::string_view text, bool is_virtual);
  void detail_line(const Line& line, std::string_view tag, std::string_view text);
  void block_line(std::string_view text);
  void state(std::string_view text);
  void end_thread();
  void end_dump();

  DumpBuilder builder_;
  JavaThreads threads_;
  JavacoreLocks locks_;
  JavacoreWait notified_;                   ///< what the LOCKS section says of the open thread, where its stack must tell what that means
  std::vector<std::string> native_frames_;  ///< of the open thread
  std::int64_t wall_ns_ = 0;
  bool utc_ = false;                        ///< wall_ns_ is from the line that says it is UTC
  bool current_follows_ = false;            ///< the next thread is the one that takes the dump
  ThreadIndex current_;
  bool again_ = false;                      ///< these lines are of a thread that was printed already
  std::string reason_, statement_;
  std::uint64_t line_ = 0;
};

void JavacoreReader::line(const Line& line) {
  line_ = line.number;
  std::string_view text = trim(line.text);
  const std::string_view tag = text.substr(0, std::min(text.find_first_of(" \t"), text.size()));
  text = trim(text.substr(tag.size()));
  if (tag == "3XMTHREADINFO") {
    thread_line(line, text, false);
  } else if (tag == "3XMVTHDINFO") {  // of -XX:+ShowUnmountedThreadStacks
    thread_line(line, text, true);
  } else if (tag.starts_with("0SECTION") || tag.starts_with("1XMTHDINFO") || tag.starts_with("1XMVTHDINFO") || tag.starts_with("1XEC")) {
    if (tag.starts_with("0SECTION") && text.starts_with("TITLE") && builder_.dump_has_threads()) end_dump();
    end_thread();
  } else if (tag == "1XMCURTHDINFO") {
    end_thread();
    current_follows_ = true;
  } else if (!title_line(line, tag, text) && !lock_line(tag, text)) {
    detail_line(line, tag, text);
  }
}

bool JavacoreReader::title_line(const Line& line, std::string_view tag, std::string_view text) {
  if (tag == "1TIDATETIME" || tag == "1TIDATETIMEUTC") {  // Date: 2026/02/10 at 09:30:11:224 (UTC)
    if (builder_.dump_has_threads()) end_dump();
    if (skip(text, "Date:")) text = trim_front(text);
    if (!utc_) wall_ns_ = line.wall_ns != 0 ? line.wall_ns : parse_wall_time(text.substr(0, 22));
    utc_ = utc_ || tag == "1TIDATETIMEUTC";
  } else if (tag == "1TISIGINFO") {  // Dump Event "systhrow" (00040000) Detail "java/lang/OutOfMemoryError" "Java heap space" received
    if (builder_.dump_has_threads()) end_dump();
    reason_ = text;
  } else if (tag == "1CIJAVAVERSION" || tag == "1XMJAVAVERSION") {
    if (builder_.info().version.empty()) builder_.info().version = text;
  } else if (tag == "1CIPROCESSID") {  // Process ID: 10463 (0x28DF)
    if (skip(text, "Process ID:")) text = trim_front(text);
    if (builder_.info().pid == 0) builder_.info().pid = static_cast<std::int64_t>(take_number(text).value_or(0));
  } else {
    return false;
  }
  return true;
}

bool JavacoreReader::lock_line(std::string_view tag, std::string_view text) {
  const bool deadlock = tag.find("LKDEADLOCK") == 1;
  if (!deadlock && !tag.starts_with("2LK") && !tag.starts_with("3LK")) return false;
  if (!deadlock && builder_.dump_has_threads()) end_dump();  // the LOCKS section stands before the threads
  if (deadlock && statement_.size() < 4096) statement_.append(statement_.empty() ? "" : " ").append(text);
  if (tag == "3LKMONOBJECT") locks_.object_monitor(text);
  else if (tag == "2LKREGMON") locks_.system_monitor(text);
  else if (tag == "2LKMONINUSE") locks_.end_monitor();
  else if (tag == "3LKWAITER") locks_.waiter(text, How::kEnter);
  else if (tag == "3LKWAITNOTIFY") locks_.waiter(text, How::kNotify);
  else if (tag == "2LKFLATMON") locks_.thread_ident(text);
  else if (tag == "2LKFLATLOCKED") locks_.flat_locked(text);
  else if (tag == "3LKFLATDETAILS") locks_.flat_details(text);
  else if (tag == "2LKDEADLOCKTHR") locks_.deadlock_thread(text);
  else if (tag == "4LKDEADLOCKMON") locks_.deadlock_monitor();
  else if (tag == "4LKDEADLOCKOBJ" || tag == "4LKDEADLOCKREG") locks_.deadlock_object(text);
  return true;
}

void JavacoreReader::thread_line(const Line& line, std::string_view text, bool is_virtual) {
  end_thread();
  if (!builder_.dump_open()) builder_.begin_dump(wall_ns_ != 0 ? wall_ns_ : line.wall_ns);
  const JavacoreThread thread = parse_javacore_thread(text);
  const ThreadIndex known = locks_.thread_of(thread);
  // Before Java 7 the thread that takes the dump is printed as the current one and once more among all. Any other that comes again is another dump's.
  again_ = known && known == current_;
  if (again_) return;
  if (known) {
    end_dump();
    builder_.begin_dump(line.wall_ns);
  }
  const ThreadIndex index{static_cast<std::uint32_t>(builder_.dump().threads.size())};
  if (current_follows_) current_ = index;
  current_follows_ = false;
  locks_.add_thread(thread, index);
  threads_.begin("", thread.name, line.number);
  builder_.thread().id = thread.native_id;  // else 3XMTHREADINFO1 tells it
  if (is_virtual) {
    builder_.thread().id = javacore_field(text, "J9VMContinuation:");  // many have no name, and none a native id
    builder_.thread().label = builder_.table().intern("virtual");
    builder_.thread().state = ThreadState::kBlocked;
  }
  state(thread.state);
  const JavacoreWait* wait = locks_.wait_of(thread);
  if (wait == nullptr) return;
  if (wait->how == How::kEnter) threads_.enters(wait->lock());
  else if (wait->how == How::kPark) threads_.parks(wait->lock());
  else notified_ = *wait;
}

/// R, B, P, S (suspended), Z, CW (condition wait), MW (IBM Java 1.4: monitor wait), I (interrupted), ?
void JavacoreReader::state(std::string_view text) {
  if (text.empty()) return;
  ThreadRecord& thread = builder_.thread();
  thread.state_text = builder_.table().intern(text);
  // R is shown for native code, too; CW is also what a running thread is put into while the file is written.
  thread.state = text == "R" ? ThreadState::kRunning : text == "Z" ? ThreadState::kDead :
                 text == "B" || text == "P" || text == "S" || text == "MW" || text == "MS" ? ThreadState::kBlocked : ThreadState::kUnknown;
}

void JavacoreReader::detail_line(const Line& line, std::string_view tag, std::string_view text) {
  if (!threads_.open()) {
    if (tag == "4XESTACKTRACE" && !again_) builder_.diagnose(Severity::kDataLoss, line.number, "frame without its thread");
    return;
  }
  ThreadRecord& thread = builder_.thread();
  const auto partial = [&](std::string_view why) {
    thread.quality = StackQuality::kPartial;
    thread.absence_reason = builder_.table().intern(why);
  };
  if (tag == "4XESTACKTRACE") {
    if (!skip(text, "at ")) return;
    if (text.starts_with("(Missing Method)")) return partial("the JVM could not tell the rest of the stack");
    threads_.frame(text);
  } else if (tag == "5XESTACKTRACE") {  // (entered lock: java/lang/Object@0xB5666678, entry count: 1)
    if (skip(text, "(entered lock: ")) threads_.locked(parse_java_lock(text.substr(0, text.find(','))));
  } else if (tag == "4XESTACKERR") {    // Java callstack truncated at 100000 methods
    partial(text);
  } else if (tag == "4XENATIVESTACK") {
    if (native_frames_.size() < DumpBuilder::kMaximumFrames && builder_.frame_count() == 0) native_frames_.emplace_back(text);
  } else if (tag == "3XMTHREADBLOCK") {
    block_line(text);
  } else if (tag == "3XMTHREADINFO1") {  // (native thread ID:0x52CF, …)
    if (thread.id.empty()) thread.id = javacore_field(text, "native thread ID:");
  } else if (tag == "3XMVTHDINFO1") {    // Type: Virtual      Type: Carrier, J9VMThread:0x0000000030DC5400, …
    if (text.starts_with("Type: Carrier")) {
      thread.label = builder_.table().intern("carries a virtual thread");
      thread.state = ThreadState::kRunning;
    }
  } else if (tag == "3XMTHREADINFO3") {
    if (text.find("without taking locks") != std::string_view::npos) {
      thread.quality = StackQuality::kMissing;
      thread.absence_reason = builder_.table().intern(text);
    }
  } else if (tag == "3XMCPUTIME") {      // CPU usage total: 0.004365543 secs, …
    double seconds = 0;
    const std::string_view total = javacore_field(text, "total: ");
    if (std::from_chars(total.data(), total.data() + total.size(), seconds).ec == std::errc{} && seconds >= 0 && seconds < 1e9) {
      thread.cpu_ns = static_cast<std::int64_t>(seconds * 1e9);
    }
  }
}

/// Blocked on: java/lang/Object@0xB5666688 Owned by: "Worker Thread 2" (J9VMThread:0x94501D00, java/lang/Thread:0xB56668D0)
/// Parked on: java/util/concurrent/locks/ReentrantLock$NonfairSync@0x… Owned by: "dw-274" (…)      Waiting on: … Owned by: <unowned>
/// Waiting on: java/lang/J9VMInternals$ClassInitializationLock@0x… Owned by: <unowned> Initializing thread: "main"
/// Parked on: <unknown> Owned by: <unknown>
void JavacoreReader::block_line(std::string_view text) {
  const std::string_view how = take_until(text, ": ");
  text = trim_front(text);
  const std::string_view object = trim(take_until(text, " Owned by: "));
  const JavaLock lock = parse_java_lock(object.substr(0, object.find(' ')));
  threads_.retract_wait();
  notified_ = {};
  if (lock.identity == 0) {
    if (how == "Parked on" && builder_.thread().state == ThreadState::kUnknown) builder_.thread().state = ThreadState::kBlocked;
    return;
  }
  constexpr std::string_view kInitialising = "Initializing thread: ";
  if (const std::size_t at = text.find(kInitialising); at != std::string_view::npos) {
    locks_.owned(parse_javacore_owner(text.substr(at)), lock, LockKind::kMonitor);
    return threads_.enters(lock);
  }
  if (how == "Blocked on") threads_.enters(lock);
  else if (how == "Waiting on") threads_.waits(lock);
  else if (how == "Parked on") threads_.parks(lock);
  if (how == "Waiting on") return;
  const LockKind kind = how == "Parked on" ? java_lock_kind(lock.class_name) : LockKind::kMonitor;
  locks_.owned(parse_javacore_owner(text), lock, kind);
}

void JavacoreReader::end_thread() {
  if (threads_.open()) {
    if (builder_.frame_count() == 0) {  // a thread of the JVM's own, or one of no Java at all
      StackTable& table = builder_.table();
      for (const std::string& text : native_frames_) {
        const JavacoreNativeFrame native = parse_javacore_native_frame(text);
        Frame frame;
        if (!native.function.empty()) frame.function = table.intern(native.function);
        if (!native.module.empty()) frame.module = table.intern(native.module);
        frame.address = native.address;
        builder_.frame(table.intern(frame));
      }
    }
    if (notified_.address != 0) {
      // A flat lock of IBM Java 1.4 has no queue of its own for those that come in: they stand among the notified.
      if (threads_.in_object_wait()) threads_.waits(notified_.lock());
      else if (notified_.owned && builder_.frame_count() != 0) threads_.enters_at_top(notified_.lock());
    }
    ThreadState& state = builder_.thread().state;
    if (threads_.in_object_wait() && state == ThreadState::kUnknown) state = ThreadState::kBlocked;
    // Java's state is R where a thread waits for a monitor of the JVM's own.
    if (threads_.waits_for_something() && state == ThreadState::kRunning) state = ThreadState::kBlocked;
    threads_.end();
  }
  notified_ = {};
  native_frames_.clear();
}

void JavacoreReader::end_dump() {
  end_thread();
  if (builder_.dump_open()) {
    Dump& dump = builder_.dump();
    for (ThreadRecord& thread : dump.threads) {
      if (thread.id.empty()) thread.id = builder_.table().text(thread.name);
    }
    if (locks_.resolve(builder_, threads_) != 0) builder_.diagnose(Severity::kInformation, line_, "owner of a lock that is no thread of the file");
    if (!statement_.empty()) dump.statements.push_back(builder_.table().intern(statement_));
    if (!reason_.empty()) dump.reason = builder_.table().intern(reason_);
    builder_.end_dump();
    locks_ = {};
    statement_.clear();
    reason_.clear();
    wall_ns_ = 0;
    utc_ = false;
  }
  again_ = current_follows_ = false;
  current_ = {};
}

Recognition recognise(std::string_view head) {
  const bool sections = contains(head, "0SECTION"), threads = contains(head, "3XMTHREADINFO");
  if (sections && contains(head, "1TISIGINFO")) return {95, "a javacore's sections"};
  if (threads) return {85, "javacore lines with \"3XMTHREADINFO\""};
  if (sections) return {60, "\"0SECTION\" lines"};
  return {0, "no \"0SECTION\", no \"3XMTHREADINFO\""};
}

constexpr std::array kSigns = std::to_array<Sign>({{"0SECTION"}, {"3XMTHREADINFO"}});

}  // namespace

const Format& javacore_format() {
  static constexpr Format kFormat{
      "javacore", "javacore files of IBM Java and OpenJ9", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<JavacoreReader>(options, sink); },
      nullptr, [](std::string_view line) { return line.starts_with("0SECTION") || line.starts_with("3XMTHREADINFO "); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
