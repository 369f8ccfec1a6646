#include "replay/sources/jstack.h"

#include <array>
#include <string>
#include <unordered_set>
#include <vector>

#include "replay/sources/java_owners.h"
#include "replay/sources/java_thread.h"
#include "replay/sources/jstack_lines.h"
#include "replay/sources/jstack_verdict.h"
#include "replay/sources/scan.h"
#include "replay/sources/wall_time.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kDumpBegins = "Full thread dump";

class JstackReader final : public LineReader {
 public:
  JstackReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "jstack", Runtime::kJava), threads_(builder_) {}

  void line(const Line& line) override;
  void finish() override {
    end_dump();
    builder_.finish();
  }

 private:
  void begin_dump(const Line& line);
  void thread_line(const Line& line, const JavaHeader& header);
  void lock_line(const Line& line, std::string_view text);
  void detail_line(const Line& line, std::string_view text);
  void margin_line(const Line& line, std::string_view text);
  void verdict_line(const Line& line, std::string_view text);
  void blocked_by(JavaBlocker blocker);
  void owned(const JavaOwner& owner, JavaLock lock, bool monitor);
  void end_thread();
  void begin_verdict(std::string_view text);
  void end_verdict();
  void end_dump();

  DumpBuilder builder_;
  JavaThreads threads_;
  JavaOwners owners_;
  JstackVerdict verdict_;
  ThreadIndex platform_thread_;      ///< whose "Locked ownable synchronizers" follow: a carrier's, not its virtual thread's
  bool in_synchronizers_ = false;    ///< within them
  std::string blocker_class_;        ///< what the open thread's state says it waits for: counts where no line of the stack does
  JavaLock blocker_;
  JavaOwner blocker_owner_;
  std::string blocker_owner_text_;
  std::int64_t announced_ns_ = 0;    ///< time that the dump itself prints before it begins
  std::uint64_t announced_line_ = 0;
  bool announced_ = false;           ///< the open dump began with "Full thread dump"
  std::unordered_set<std::string> ids_;  ///< of the threads of a dump that did not: one that comes again begins the next
};

void JstackReader::line(const Line& line) {
  std::string_view text = line.text;
  const bool indented = !text.empty() && is_space(text.front());
  text = trim(text);
  if (text.empty()) {
    if (verdict_.open()) verdict_line(line, text);
    return;
  }
  if (text.find(kDumpBegins) != std::string_view::npos) return begin_dump(line);
  if (verdict_.open()) return verdict_line(line, text);
  // A header may be indented together with everything else, as it is in a question's code block.
  if (const auto header = parse_java_header(text)) return thread_line(line, *header);
  if (JstackVerdict::begins(text)) return begin_verdict(text);
  if (indented && (threads_.open() || text.starts_with("at "))) return detail_line(line, text);
  if (text.starts_with("at ") || text.starts_with("- ") || text.starts_with("java.lang.Thread.State:")) {
    return detail_line(line, text);  // pasted without its indentation
  }
  margin_line(line, text);
}

void JstackReader::begin_dump(const Line& line) {
  end_dump();
  // Full thread dump OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1 mixed mode, sharing):
  if (builder_.info().version.empty()) {
    std::string_view version = line.text.substr(line.text.find(kDumpBegins) + kDumpBegins.size());
    version = trim(version.substr(0, version.rfind(':')));
    builder_.info().version = version;
  }
  std::int64_t wall_ns = line.wall_ns;
  if (announced_ns_ != 0 && lines_apart(announced_line_, line.number) <= 2) wall_ns = line.wall_ns != 0 ? line.wall_ns : announced_ns_;
  builder_.begin_dump(wall_ns);
  announced_ = true;
}

void JstackReader::thread_line(const Line& line, const JavaHeader& header) {
  end_thread();
  if (!announced_ && !header.id.empty() && !ids_.emplace(header.id).second) {
    end_dump();
    builder_.begin_dump(line.wall_ns);
    ids_.emplace(header.id);
  }
  if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns != 0 ? line.wall_ns : announced_ns_);
  threads_.begin(header.id, header.name, line.number);
  builder_.thread().cpu_ns = header.cpu_ns;
  if (header.is_virtual) builder_.thread().label = builder_.table().intern("virtual");
  if (!header.state.empty()) threads_.state(header.state);
  blocked_by(header.blocker);
  platform_thread_ = builder_.thread_index();
}

/// The thread's header or state says what it waits for.
void JstackReader::blocked_by(JavaBlocker blocker) {
  if (blocker.lock.identity == 0) return;
  blocker_class_ = blocker.lock.class_name;
  blocker_ = {blocker.lock.identity, blocker_class_};
  blocker_owner_text_ = std::string(blocker.owner.id) + std::string(blocker.owner.name);
  const std::string_view text = blocker_owner_text_;
  blocker_owner_ = {text.substr(0, blocker.owner.id.size()), text.substr(blocker.owner.id.size())};
}

void JstackReader::owned(const JavaOwner& owner, JavaLock lock, bool monitor) {
  if (owner.told()) owners_.add(owner.id, owner.name, lock, monitor);
}

void JstackReader::end_thread() {
  if (threads_.open()) {
    if (blocker_.identity != 0) {
      if (!threads_.waits_for_something()) threads_.waits_by_state(blocker_);
      owned(blocker_owner_, blocker_, threads_.at_monitor());
    }
    threads_.end();
  }
  blocker_ = {};
  in_synchronizers_ = false;
}

void JstackReader::detail_line(const Line& line, std::string_view text) {
  if (!threads_.open()) {
    if (text.starts_with("at ") && builder_.dump_open()) builder_.diagnose(Severity::kDataLoss, line.number, "frame without its thread");
    return;
  }
  if (skip(text, "at ")) {
    in_synchronizers_ = false;
    return threads_.frame(text);
  }
  if (text.starts_with("- ")) return lock_line(line, trim_front(text.substr(2)));
  if (skip(text, "java.lang.Thread.State: ")) {  // VisualVM: "WAITING on java.util.TaskQueue@7311acb7 owned by: packer"
    const std::size_t on = text.find(" on ");
    if (on != std::string_view::npos) blocked_by(parse_java_blocker(text.substr(on + 4)));
    return threads_.state(text.substr(0, on));
  }
  if (skip(text, "on ")) return blocked_by(parse_java_blocker(text));  // IntelliJ has it on a line of its own
  if (skip(text, "Carrying virtual thread #")) {
    builder_.thread().label = builder_.table().intern("carries virtual thread " + std::string(text));
    if (builder_.thread().state == ThreadState::kUnknown) builder_.thread().state = ThreadState::kRunning;
    return;
  }
  if (skip(text, "Mounted virtual thread #")) {
    const ThreadIndex carrier = platform_thread_;
    end_thread();
    threads_.begin(text, "", line.number);
    builder_.thread().label = builder_.table().intern("virtual");
    builder_.thread().state = ThreadState::kRunning;
    platform_thread_ = carrier;
    return;
  }
  if (text.starts_with("Locked ownable synchronizers") || text.starts_with("Number of locked synchronizers")) {
    in_synchronizers_ = true;
    return;
  }
  if (text == "...") {  // ThreadInfo.toString() prints eight frames at most
    builder_.thread().quality = StackQuality::kPartial;
    builder_.thread().absence_reason = builder_.table().intern("the dump leaves out the rest of the stack");
    return;
  }
  // dump_to_file of JDK 21 prints frames without "at": "java.base/java.lang.Thread.run(Thread.java:1583)"
  if (text.ends_with(')') && text.find('.') < text.find('(') && text.find(' ') > text.find('(')) return threads_.frame(text);
  if (text.starts_with("No compile task") || text.starts_with("Compiling:") || text.starts_with("JavaThread state:") || text.starts_with("Thread:") ||
      text.starts_with("(in native)") || text.starts_with("_") || text.starts_with("\"")) return;
  builder_.diagnose(Severity::kInformation, line.number, "line within a thread that is neither frame nor lock");
}

void JstackReader::lock_line(const Line& line, std::string_view text) {
  if (is_bci_frame(text)) return threads_.frame(text);
  const JavaOwner owner = take_java_owner(text);
  if (in_synchronizers_ || text.starts_with('<') || text.starts_with("locked synchronizer ")) {  // of "Locked ownable synchronizers"
    if (!skip(text, "locked synchronizer ")) (void)skip(text, "locked ");
    const JavaLock lock = parse_java_reference(text);
    if (lock.identity != 0 && platform_thread_) threads_.owns(platform_thread_, lock);
  } else if (skip(text, "locked ")) {
    threads_.locked(parse_java_reference(text));
  } else if (skip(text, "waiting to lock ") || skip(text, "waiting to re-lock in wait() ") || skip(text, "blocked on ")) {
    const JavaLock lock = parse_java_reference(text);
    threads_.enters(lock);
    owned(owner, lock, true);
  } else if (skip(text, "waiting on the Class initialization monitor for ")) {
    threads_.awaits_initialiser(text);
  } else if (skip(text, "waiting on ")) {
    threads_.waits(parse_java_reference(text));
  } else if (skip(text, "parking to wait for ")) {
    const JavaLock lock = parse_java_reference(text);
    threads_.parks(lock);
    owned(owner, lock, false);
  } else if (!text.starts_with("eliminated ") && !text.starts_with("None")) {
    builder_.diagnose(Severity::kInformation, line.number, "line about a lock in words that are not known");
  }
}

/// Between the threads: the time before a dump, the JVM's lists, its verdict, and whatever a log holds.
void JstackReader::margin_line(const Line& line, std::string_view text) {
  if (threads_.open() && builder_.frame_count() == 0) {
    if (const auto fields = parse_sap_fields(text)) {
      builder_.thread().id = fields->id;
      if (!fields->state.empty()) threads_.state(fields->state);
      return;
    }
  }
  if (const std::int64_t wall_ns = parse_wall_time(text); wall_ns != 0) {
    announced_ns_ = wall_ns;
    announced_line_ = line.number;
    return;
  }
  std::string_view number = text;
  // "612660:" of jcmd Thread.print; dump_to_file has the number alone
  if (const auto pid = take_number(number); pid && (number == ":" || number.empty()) && !builder_.dump_open() && builder_.info().pid == 0) {
    builder_.info().pid = static_cast<std::int64_t>(*pid);
  }
}

void JstackReader::verdict_line(const Line& line, std::string_view text) {
  switch (verdict_.line(text)) {
    case JstackVerdict::Step::kGoesOn: return;
    case JstackVerdict::Step::kEnds:
      end_verdict();
      if (JstackVerdict::begins(text)) verdict_.begin(text);
      return;
    case JstackVerdict::Step::kStackLine: break;
  }
  // The dump has these stacks already, but where the verdict is all there is.
  const std::string_view name = JstackVerdict::thread_name(text);
  if (!name.empty()) {
    end_thread();
    if (announced_ || !ids_.emplace(name).second) return;
    if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns != 0 ? line.wall_ns : announced_ns_);
    threads_.begin("", name, line.number);
    platform_thread_ = builder_.thread_index();
  } else if (threads_.open()) {
    detail_line(line, text);
  } else if (parse_java_header(text)) {  // a dump that follows without a word between
    end_verdict();
    thread_line(line, *parse_java_header(text));
  }
}

void JstackReader::begin_verdict(std::string_view text) {
  end_thread();
  verdict_.begin(text);
}

void JstackReader::end_verdict() {
  end_thread();
  if (!verdict_.open()) return;
  const std::string statement = verdict_.take_statement();
  builder_.dump().statements.push_back(builder_.table().intern(statement));
  for (const JstackVerdict::Held& held : verdict_.take_held()) owners_.add({}, held.owner, {held.lock, held.class_name}, held.monitor);
}

void JstackReader::end_dump() {
  end_verdict();
  if (builder_.dump_open() && owners_.resolve(builder_, threads_) != 0) {
    builder_.diagnose(Severity::kInformation, 0, "owner of a lock that is no thread of the dump, or one of several of that name");
  }
  builder_.end_dump();
  platform_thread_ = {};
  announced_ = false;
  ids_.clear();
}

Recognition recognise(std::string_view head) {
  bool announced = false, verdict = false;
  int headers = 0, states = 0, frames = 0, numbered = 0, forced = 0, condemned = 0;
  while (!head.empty()) {
    std::string_view line = trim(take_line(head));
    if (line.find(kDumpBegins) != std::string_view::npos) announced = true;
    else if (line.starts_with('"') && parse_java_header(line)) ++headers;
    else if (line.starts_with('#') && parse_java_header(line)) ++numbered;
    else if (line.starts_with("Thread ") && parse_java_header(line)) ++forced;
    else if (verdict && !JstackVerdict::thread_name(line).empty()) ++condemned;
    else if (JstackVerdict::begins(line)) verdict = true;
    else if (line.starts_with("java.lang.Thread.State:")) ++states;
    else if (line.ends_with(')') && line.find('(') != std::string_view::npos && line.find('.') < line.find('(')) ++frames;
  }
  if (announced && headers > 0) return {95, "\"Full thread dump\" and threads' headers"};
  if (headers > 0 && states > 0) return {85, "threads' headers with \"java.lang.Thread.State:\""};
  if (headers > 0 && frames > 0) return {70, "threads' headers with \"tid=0x… nid=…\" and frames"};
  if (numbered > 0 && frames > 0) return {80, "threads as jcmd Thread.dump_to_file prints them, '#22 \"name\"'"};
  if (forced > 0) return {80, "threads as jstack -F prints them, 'Thread 4735: (state = BLOCKED)'"};
  if (condemned > 0 && frames > 0) return {75, "the JVM's verdict, \"Found one Java-level deadlock:\", with its stacks"};
  return {0, announced ? "\"Full thread dump\" but no thread's header" : "no \"Full thread dump\", no '\"name\" … tid=0x… nid=…'", announced};
}

constexpr std::array kSigns = std::to_array<Sign>({{"\"", Sign::Where::kLineBegin}, {"#", Sign::Where::kLineBegin}, {kDumpBegins}, {"(state = "}});

}  // namespace

const Format& jstack_format() {
  static constexpr Format kFormat{
      "jstack", "Java thread dumps as text: jstack, jcmd Thread.print, SIGQUIT, jcmd Thread.dump_to_file", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<JstackReader>(options, sink); },
      nullptr, [](std::string_view line) { return line.starts_with(kDumpBegins); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
