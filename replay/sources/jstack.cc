#include "replay/sources/jstack.h"

#include <algorithm>
#include <array>

#include "replay/sources/java_thread.h"
#include "replay/sources/scan.h"
#include "replay/sources/wall_time.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kDumpBegins = "Full thread dump";

/// "T-AB" #11 prio=5 os_prio=0 cpu=0.11ms elapsed=2.01s tid=0x00007f4014127160 nid=0x9594f waiting for monitor entry  [0x00007f3ff0f9e000]
/// "main" prio=5 tid=0x033a9218 nid=0x24c in Object.wait() [429f000..429fd8c]
/// #25 "waiter-0" virtual WAITING 2026-11-25T16:33:40.524124521Z          (dump_to_file)
struct ThreadHeader {
  std::string_view id, name, state;
  std::int64_t cpu_ns = -1;
  bool is_virtual = false;
};

/// "cpu=38.70ms" in the header's fields → nanoseconds.
std::int64_t cpu_time(std::string_view fields) {
  const std::size_t at = fields.find(" cpu=");
  if (at == std::string_view::npos) return -1;
  double milliseconds = 0;
  const std::string_view text = fields.substr(at + 5);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  const bool ok = error == std::errc{} && text.substr(static_cast<std::size_t>(end - text.data())).starts_with("ms");
  return ok && milliseconds >= 0 && milliseconds < 1e12 ? static_cast<std::int64_t>(milliseconds * 1e6) : -1;
}

/// Whether what follows a quoted name is a thread's fields, and not prose.
bool are_fields(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kFields = {" tid=0x", " nid=", " prio=", " os_prio=", " Id="};
  return std::any_of(kFields.begin(), kFields.end(), [text](std::string_view field) { return text.find(field) != std::string_view::npos; });
}

std::optional<ThreadHeader> parse_quoted(std::string_view line) {
  ThreadHeader header;
  const std::size_t close = line.rfind('"');
  if (close == 0 || close == std::string_view::npos) return std::nullopt;
  header.name = line.substr(1, close - 1);
  std::string_view fields = line.substr(close + 1);
  if (!are_fields(fields)) return std::nullopt;
  const auto word = [&fields](std::string_view key) {
    const std::size_t at = fields.find(key);
    if (at == std::string_view::npos) return std::string_view{};
    const std::string_view rest = fields.substr(at + key.size());
    return rest.substr(0, std::min(rest.find(' '), rest.size()));
  };
  header.id = word(" #");
  const std::string_view nid = word(" nid=");
  if (header.id.empty()) header.id = !nid.empty() ? nid : word(" tid=");
  header.cpu_ns = cpu_time(fields);
  // The state in words stands behind the last field and before the stack's bounds: "nid=0x24c in Object.wait() [429f000..429fd8c]"
  if (!nid.empty()) {
    std::string_view state = fields.substr(static_cast<std::size_t>(nid.data() + nid.size() - fields.data()));
    header.state = trim(state.substr(0, std::min(state.rfind('['), state.size())));
  }
  return header;
}

std::optional<ThreadHeader> parse_numbered(std::string_view line) {
  ThreadHeader header;
  line.remove_prefix(1);
  header.id = line.substr(0, std::min(line.find(' '), line.size()));
  if (header.id.empty() || header.id.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  line = trim_front(line.substr(header.id.size()));
  if (!skip(line, "\"")) return std::nullopt;
  const std::size_t close = line.rfind('"');
  if (close == std::string_view::npos) return std::nullopt;
  header.name = line.substr(0, close);
  line = trim(line.substr(close + 1));
  header.is_virtual = skip(line, "virtual");
  line = trim_front(line);
  header.state = line.substr(0, std::min(line.find(' '), line.size()));
  return header;
}

/// "<0x000000069ec1b658> (a java.lang.Object)", "<java.lang.Object@1164b0ad>"
JavaLock parse_reference(std::string_view text) {
  const std::size_t open = text.find('<');
  if (open == std::string_view::npos) return {};
  text.remove_prefix(open + 1);
  std::string_view reference = text;
  const std::size_t close = text.find('>');
  reference = text.substr(0, close);
  JavaLock lock;
  std::string_view digits = reference;
  if (const auto address = take_hex(digits)) {
    lock.identity = *address;
    const std::size_t class_at = text.find("(a ");
    if (class_at != std::string_view::npos) {
      lock.class_name = text.substr(class_at + 3);
      if (lock.class_name.ends_with(')')) lock.class_name.remove_suffix(1);
    }
  } else if (reference.find('@') != std::string_view::npos) {
    lock = parse_java_lock(reference);
  }
  return lock;  // "<no object reference available>", "<owner is scalar replaced>": nothing is told
}

class JstackReader final : public LineReader {
 public:
  JstackReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "jstack", Runtime::kJava), threads_(builder_) {}

  void line(const Line& line) override;
  void finish() override {
    end_verdict();
    threads_.end();
    builder_.finish();
  }

 private:
  void begin_dump(const Line& line);
  void thread_line(const Line& line, const ThreadHeader& header);
  void lock_line(const Line& line, std::string_view text);
  void detail_line(const Line& line, std::string_view text);
  void margin_line(const Line& line, std::string_view text);
  void verdict_line(const Line& line, std::string_view text);
  void end_verdict();

  DumpBuilder builder_;
  JavaThreads threads_;
  ThreadIndex platform_thread_;      ///< whose "Locked ownable synchronizers" follow: a carrier's, not its virtual thread's
  std::int64_t announced_ns_ = 0;    ///< time that the dump itself prints before it begins
  std::uint64_t announced_line_ = 0;
  bool in_verdict_ = false, verdict_text_ = false;
  std::string verdict_;
};

void JstackReader::line(const Line& line) {
  std::string_view text = line.text;
  const bool indented = !text.empty() && is_space(text.front());
  text = trim(text);
  if (text.empty()) {
    if (in_verdict_) verdict_line(line, text);
    return;
  }
  if (text.find(kDumpBegins) != std::string_view::npos) return begin_dump(line);
  if (in_verdict_) return verdict_line(line, text);
  if (indented) return detail_line(line, text);
  if (text.front() == '"') {
    if (const auto header = parse_quoted(text)) return thread_line(line, *header);
  } else if (text.front() == '#') {
    if (const auto header = parse_numbered(text)) return thread_line(line, *header);
  } else if (text.starts_with("at ") || text.starts_with("- ") || text.starts_with("java.lang.Thread.State:")) {
    return detail_line(line, text);  // pasted without its indentation
  }
  margin_line(line, text);
}

void JstackReader::begin_dump(const Line& line) {
  end_verdict();
  threads_.end();
  // Full thread dump OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1 mixed mode, sharing):
  if (builder_.info().version.empty()) {
    std::string_view version = line.text.substr(line.text.find(kDumpBegins) + kDumpBegins.size());
    version = trim(version.substr(0, version.rfind(':')));
    builder_.info().version = version;
  }
  std::int64_t wall_ns = line.wall_ns;
  if (announced_ns_ != 0 && lines_apart(announced_line_, line.number) <= 2) wall_ns = line.wall_ns != 0 ? line.wall_ns : announced_ns_;
  builder_.begin_dump(wall_ns);
  platform_thread_ = {};
}

void JstackReader::thread_line(const Line& line, const ThreadHeader& header) {
  threads_.end();
  if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns != 0 ? line.wall_ns : announced_ns_);
  threads_.begin(header.id, header.name, line.number);
  builder_.thread().cpu_ns = header.cpu_ns;
  if (header.is_virtual) builder_.thread().label = builder_.table().intern("virtual");
  if (!header.state.empty()) threads_.state(header.state);
  platform_thread_ = builder_.thread_index();
}

void JstackReader::detail_line(const Line& line, std::string_view text) {
  if (!threads_.open()) {
    if (text.starts_with("at ") && builder_.dump_open()) builder_.diagnose(Severity::kDataLoss, line.number, "frame without its thread");
    return;
  }
  if (skip(text, "at ")) return threads_.frame(text);
  if (text.starts_with("- ")) return lock_line(line, text.substr(2));
  if (skip(text, "java.lang.Thread.State: ")) return threads_.state(text);
  if (skip(text, "Carrying virtual thread #")) {
    builder_.thread().label = builder_.table().intern("carries virtual thread " + std::string(text));
    if (builder_.thread().state == ThreadState::kUnknown) builder_.thread().state = ThreadState::kRunning;
    return;
  }
  if (skip(text, "Mounted virtual thread #")) {
    const ThreadIndex carrier = platform_thread_;
    threads_.begin(text, "", line.number);
    builder_.thread().label = builder_.table().intern("virtual");
    builder_.thread().state = ThreadState::kRunning;
    platform_thread_ = carrier;
    return;
  }
  // dump_to_file of JDK 21 prints frames without "at": "java.base/java.lang.Thread.run(Thread.java:1583)"
  if (text.ends_with(')') && text.find('.') < text.find('(') && text.find(' ') > text.find('(')) return threads_.frame(text);
  if (text.starts_with("Locked ownable synchronizers") || text.starts_with("No compile task") || text.starts_with("Compiling:") ||
      text.starts_with("JavaThread state:") || text.starts_with("Thread:") || text.starts_with("_") || text.starts_with("\"")) return;
  builder_.diagnose(Severity::kInformation, line.number, "line within a thread that is neither frame nor lock");
}

void JstackReader::lock_line(const Line& line, std::string_view text) {
  if (text.starts_with('<')) {  // of "Locked ownable synchronizers"
    const JavaLock lock = parse_reference(text);
    if (lock.identity != 0 && platform_thread_) threads_.owns(platform_thread_, lock);
  } else if (skip(text, "locked ")) {
    threads_.locked(parse_reference(text));
  } else if (skip(text, "waiting to lock ") || skip(text, "waiting to re-lock in wait() ") || skip(text, "blocked on ")) {
    threads_.enters(parse_reference(text));
  } else if (skip(text, "waiting on the Class initialization monitor for ")) {
    threads_.awaits_initialiser(text);
  } else if (skip(text, "waiting on ")) {
    threads_.waits(parse_reference(text));
  } else if (skip(text, "parking to wait for ")) {
    threads_.parks(parse_reference(text));
  } else if (!text.starts_with("eliminated ") && !text.starts_with("None")) {
    builder_.diagnose(Severity::kInformation, line.number, "line about a lock in words that are not known");
  }
}

/// Between the threads: the time before a dump, the JVM's lists, its verdict, and whatever a log holds.
void JstackReader::margin_line(const Line& line, std::string_view text) {
  if (text.starts_with("Found ") && text.find("deadlock") != std::string_view::npos && text.ends_with(':')) {
    threads_.end();
    in_verdict_ = verdict_text_ = true;
    verdict_ = text;
    return;
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

/// Found one Java-level deadlock:
/// =============================
/// "T-AB":
///   waiting to lock monitor 0x00007f3f70066be0 (object 0x000000069ec1b668, a java.lang.Object),
///   which is held by "T-BA"
/// …
/// Java stack information for the threads listed above:       (the stacks once more: skipped)
/// Found 1 deadlock.
void JstackReader::verdict_line(const Line&, std::string_view text) {
  if (text.starts_with("Found ") && text.find("deadlock") != std::string_view::npos) {
    end_verdict();
    if (!text.ends_with(':')) return;
    in_verdict_ = verdict_text_ = true;
    verdict_ = text;
  } else if (text.starts_with("Java stack information")) {
    verdict_text_ = false;
  } else if (verdict_text_ && !text.empty() && text.find_first_not_of('=') != std::string_view::npos && verdict_.size() < 4096) {
    verdict_.append(" ").append(text);
  }
}

void JstackReader::end_verdict() {
  if (in_verdict_ && builder_.dump_open()) builder_.dump().statements.push_back(builder_.table().intern(verdict_));
  in_verdict_ = verdict_text_ = false;
  verdict_.clear();
}

Recognition recognise(std::string_view head) {
  bool announced = false;
  int headers = 0, states = 0, frames = 0, numbered = 0;
  while (!head.empty()) {
    std::string_view line = trim(take_line(head));
    if (line.find(kDumpBegins) != std::string_view::npos) announced = true;
    else if (line.starts_with('"') && parse_quoted(line)) ++headers;
    else if (line.starts_with('#') && parse_numbered(line)) ++numbered;
    else if (line.starts_with("java.lang.Thread.State:")) ++states;
    else if (line.ends_with(')') && line.find('(') != std::string_view::npos && line.find('.') < line.find('(')) ++frames;
  }
  if (announced && headers > 0) return {95, "\"Full thread dump\" and threads' headers"};
  if (headers > 0 && states > 0) return {85, "threads' headers with \"java.lang.Thread.State:\""};
  if (headers > 0 && frames > 0) return {70, "threads' headers with \"tid=0x… nid=…\" and frames"};
  if (numbered > 0 && frames > 0) return {80, "threads as jcmd Thread.dump_to_file prints them, '#22 \"name\"'"};
  return {0, announced ? "\"Full thread dump\" but no thread's header" : "no \"Full thread dump\", no '\"name\" … tid=0x… nid=…'", announced};
}

constexpr std::array kSigns = std::to_array<Sign>({{"\"", Sign::Where::kLineBegin}, {"#", Sign::Where::kLineBegin}, {kDumpBegins}});

}  // namespace

const Format& jstack_format() {
  static constexpr Format kFormat{
      "jstack", "Java thread dumps as text: jstack, jcmd Thread.print, SIGQUIT, jcmd Thread.dump_to_file", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<JstackReader>(options, sink); },
      nullptr, [](std::string_view line) { return line.starts_with(kDumpBegins); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
