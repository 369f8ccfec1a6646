#include "replay/sources/javacore.h"

#include <array>
#include <unordered_map>

#include "replay/sources/java_thread.h"
#include "replay/sources/scan.h"
#include "replay/sources/wall_time.h"

namespace tailback::replay {
namespace {

/// "Writer 1" of `"Writer 1" (0x00007F5E84362100), entry count 1`; a name may have quotes itself. Empty: none.
std::string_view quoted(std::string_view text) {
  const std::size_t open = text.find('"');
  if (open == std::string_view::npos) return {};
  const std::size_t address = text.rfind("\" (");
  const std::size_t close = address != std::string_view::npos && address > open ? address : text.rfind('"');
  return close > open ? text.substr(open + 1, close - open - 1) : std::string_view();
}

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
  /// "Owned by" names a thread that may come later in the file.
  struct Owned {
    std::string owner, lock;
  };

  void thread_line(const Line& line, std::string_view text);
  void block_line(std::string_view text);
  void end_dump();

  DumpBuilder builder_;
  JavaThreads threads_;
  std::int64_t wall_ns_ = 0;
  std::string statement_;
  std::vector<Owned> owned_;
  std::string monitor_;                                    ///< of the LOCKS section, which stands before the threads
  std::unordered_map<std::string, std::string> entering_;  ///< monitor by the thread that waits to enter it: Java 5 and 6 tell it there alone
  std::unordered_map<std::string, ThreadIndex> thread_of_name_;
};

void JavacoreReader::line(const Line& line) {
  std::string_view text = trim(line.text);
  const std::string_view tag = text.substr(0, std::min(text.find(' '), text.size()));
  text = trim(text.substr(tag.size()));
  if (tag == "4XESTACKTRACE") {
    if (skip(text, "at ") && threads_.open()) threads_.frame(text);
  } else if (tag == "5XESTACKTRACE") {  // (entered lock: java/lang/Object@0xB5666678, entry count: 1)
    if (skip(text, "(entered lock: ")) threads_.locked(parse_java_lock(text.substr(0, std::min(text.find(','), text.size()))));
  } else if (tag == "3XMTHREADINFO") {
    thread_line(line, text);
  } else if (tag == "3XMTHREADBLOCK") {
    if (threads_.open()) block_line(text);
  } else if (tag == "3LKMONOBJECT") {  // java/lang/String@0x00007F5E5E18E3D8: Flat locked by "Writer 1" (0x00007F5E84362100), entry count 1
    if (builder_.dump_has_threads()) end_dump();
    monitor_ = text.substr(0, std::min(text.find(": "), text.size()));
    if (const std::string_view owner = quoted(text); !owner.empty()) owned_.push_back({std::string(owner), monitor_});
  } else if (tag == "3LKWAITER") {     // "Writer 0" (0x00007F5E8435BD00)
    if (!monitor_.empty()) entering_.emplace(quoted(text), monitor_);
  } else if (tag == "3XMCPUTIME") {  // CPU usage total: 0.004365543 secs, …
    double seconds = 0;
    const std::size_t at = text.find("total: ");
    if (at != std::string_view::npos && threads_.open() &&
        std::from_chars(text.data() + at + 7, text.data() + text.size(), seconds).ec == std::errc{} && seconds >= 0 && seconds < 1e9) {
      builder_.thread().cpu_ns = static_cast<std::int64_t>(seconds * 1e9);
    }
  } else if (tag == "3XMTHREADINFO1") {  // (native thread ID:0x52CF, …)
    const std::size_t at = text.find("native thread ID:");
    if (at != std::string_view::npos && threads_.open() && builder_.thread().id.empty()) {
      const std::string_view id = text.substr(at + 17);
      builder_.thread().id = id.substr(0, std::min(id.find_first_of(",)"), id.size()));
    }
  } else if (tag == "1TIDATETIME") {  // Date: 2026/02/10 at 09:30:11:224 (UTC)
    if (builder_.dump_has_threads()) end_dump();
    if (skip(text, "Date:")) text = trim_front(text);
    wall_ns_ = line.wall_ns != 0 ? line.wall_ns : parse_wall_time(text.substr(0, 22));
  } else if (tag == "1CIJAVAVERSION" || tag == "1XMJAVAVERSION") {
    if (builder_.info().version.empty()) builder_.info().version = text;
  } else if (tag.starts_with("1LKDEADLOCK") || tag.starts_with("2LKDEADLOCK") || tag.starts_with("3LKDEADLOCK") || tag.starts_with("4LKDEADLOCK")) {
    if (statement_.size() < 4096) statement_.append(statement_.empty() ? "" : " ").append(text);
  } else if (tag.starts_with("0SECTION")) {
    threads_.end();
  }
}

/// "Worker Thread 1" J9VMThread:0x92A3EC00, omrthread_t:0x92A3C2B0, java/lang/Thread:0xB5666778, state:B, prio=5
void JavacoreReader::thread_line(const Line& line, std::string_view text) {
  threads_.end();
  if (!builder_.dump_open()) builder_.begin_dump(wall_ns_ != 0 ? wall_ns_ : line.wall_ns);
  std::string_view name = text;
  if (skip(text, "\"")) {
    const std::size_t close = text.rfind("\" ");
    name = text.substr(0, close);
    text.remove_prefix(close == std::string_view::npos ? text.size() : close);
  }
  threads_.begin("", name, line.number);
  builder_.thread().id.clear();  // 3XMTHREADINFO1 tells it
  thread_of_name_.try_emplace(std::string(name), builder_.thread_index());
  if (const auto entering = entering_.find(std::string(name)); entering != entering_.end()) threads_.enters(parse_java_lock(entering->second));
  if (const std::size_t native = text.find("native ID:"); native != std::string_view::npos) {  // Java 5 and 6 have it here
    const std::string_view id = text.substr(native + 10);
    builder_.thread().id = id.substr(0, std::min(id.find_first_of(",)"), id.size()));
  }
  const std::size_t at = text.find("state:");
  if (at == std::string_view::npos) return;
  std::string_view state = text.substr(at + 6);
  state = state.substr(0, std::min(state.find_first_of(", "), state.size()));
  ThreadRecord& thread = builder_.thread();
  thread.state_text = builder_.table().intern(state);
  // R is shown for native code, too; CW is also what a running thread is put into while the file is written.
  thread.state = state == "R" ? ThreadState::kRunning : state == "Z" ? ThreadState::kDead : state == "CW" ? ThreadState::kUnknown : ThreadState::kBlocked;
}

/// Blocked on: java/lang/Object@0xB5666688 Owned by: "Worker Thread 2" (J9VMThread:0x94501D00, java/lang/Thread:0xB56668D0)
/// Parked on: java/util/concurrent/locks/ReentrantLock$NonfairSync@0x… Owned by: "dw-274" (…)      Waiting on: … Owned by: <unowned>
/// Waiting on: java/lang/J9VMInternals$ClassInitializationLock@0x… Owned by: <unowned> Initializing thread: "main"
void JavacoreReader::block_line(std::string_view text) {
  const std::string_view how = take_until(text, ": ");
  text = trim_front(text);
  const std::string_view object = trim(take_until(text, " Owned by: "));
  const JavaLock lock = parse_java_lock(object.substr(0, std::min(object.find(' '), object.size())));
  constexpr std::string_view kInitialising = "Initializing thread: \"";
  if (const std::size_t at = text.find(kInitialising); at != std::string_view::npos && lock.identity != 0) {
    const std::string_view owner = text.substr(at + kInitialising.size());
    owned_.push_back({std::string(owner.substr(0, owner.rfind('"'))), std::string(object)});
    return threads_.enters(lock);
  }
  if (how == "Blocked on") threads_.enters(lock);
  else if (how == "Waiting on") threads_.waits(lock);
  else if (how == "Parked on") threads_.parks(lock);
  if (how != "Waiting on" && skip(text, "\"") && lock.identity != 0) {
    owned_.push_back({std::string(text.substr(0, std::min(text.find("\" ("), text.size()))), std::string(object)});
  }
}

void JavacoreReader::end_dump() {
  threads_.end();
  if (builder_.dump_open()) {
    Dump& dump = builder_.dump();
    for (ThreadRecord& thread : dump.threads) {
      if (thread.id.empty()) thread.id = builder_.table().text(thread.name);
    }
    for (const Owned& owned : owned_) {
      const auto owner = thread_of_name_.find(owned.owner);
      const JavaLock lock = parse_java_lock(owned.lock);
      if (owner == thread_of_name_.end()) continue;
      const LockId id = builder_.lock(lock.identity, LockKind::kMonitor, {});
      const bool known = std::any_of(dump.holds.begin(), dump.holds.end(), [&](const Hold& h) { return h.lock == id && h.thread == owner->second; });
      if (!known) threads_.owns_lock(owner->second, id);
    }
    if (!statement_.empty()) dump.statements.push_back(builder_.table().intern(statement_));
  }
  builder_.end_dump();
  statement_.clear();
  owned_.clear();
  monitor_.clear();
  entering_.clear();
  thread_of_name_.clear();
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
      nullptr, [](std::string_view line) { return line.starts_with("0SECTION"); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
