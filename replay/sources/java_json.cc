#include "replay/sources/java_json.h"

#include <array>

#include <nlohmann/json.hpp>

#include "replay/sources/java_owners.h"
#include "replay/sources/java_thread.h"
#include "replay/sources/scan.h"
#include "replay/sources/wall_time.h"
#include "replay/sources/whole_text.h"

namespace tailback::replay {
namespace {

using Json = nlohmann::json;

/// Follows the parse and passes each thread on as its object closes, so that of a file cut off in the middle everything
/// before the cut is read. Two shapes: HotSpot's dump_to_file, {"threadDump":{…"threads":[{"tid":"25","name":…,"stack":["…"]}]}}, and ThreadInfo's
/// fields as Spring Boot's actuator serves them, {"threads":[{"threadId":25,"threadName":…,"stackTrace":[{"className":…}]}]} (1.x: the array alone).
class Handler final : public nlohmann::json_sax<Json> {
 public:
  explicit Handler(DumpBuilder& builder) : builder_(builder), threads_(builder) {}

  bool key(string_t& name) override {
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    if (path_.size() >= kMaximumDepth) return false;
    path_.push_back(key_);
    if (in_thread()) thread_ = {};
    if (ends_with({"monitorsOwned", ""}) || ends_with({"lockedMonitors", ""})) thread_.monitors.emplace_back();
    if (ends_with({"lockedSynchronizers", ""})) thread_.synchronizers.emplace_back();
    if (in_element()) element_ = {};
    key_.clear();
    return true;
  }
  bool end_object() override {
    if (in_thread()) emit();
    else if (in_element()) end_element();
    path_.pop_back();
    key_.clear();  // the next element of an array has none
    return true;
  }
  bool start_array(std::size_t) override {
    if (path_.size() >= kMaximumDepth) return false;
    path_.push_back(key_);
    key_.clear();
    return true;
  }
  bool end_array() override {
    path_.pop_back();
    key_.clear();
    return true;
  }
  bool string(string_t& value) override;
  bool boolean(bool value) override {
    if (in_thread() && key_ == "virtual") thread_.is_virtual = value;
    if (in_element() && key_ == "nativeMethod") element_.native = value;
    return true;
  }
  bool number_integer(number_integer_t value) override { return number(value); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<std::int64_t>(value)); }
  bool null() override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error_position = position;
    return false;
  }

  /// The file ended within a thread: what is known of it counts.
  void finish() {
    if (!thread_.id.empty()) {
      cut_off_ = true;
      emit();
    }
    if (builder_.dump_open()) (void)owners_.resolve(builder_, threads_);
  }

  std::size_t error_position = 0;

 private:
  struct Monitors {
    std::size_t depth = 0;
    std::vector<std::string> locks;
  };
  struct Thread {
    std::string id, name, state, blocked_on, waiting_on, parked_on, owner;
    std::string lock_name, lock_owner_id, lock_owner_name;  ///< ThreadInfo's, whose state tells how it waits
    std::vector<std::string> synchronizers;
    bool is_virtual = false;
    std::vector<std::string> stack;
    std::vector<Monitors> monitors;
  };
  /// An object within a ThreadInfo: a frame, a lock.
  struct Element {
    std::string class_name, method, file, module;
    std::int64_t line = 0, hash = 0;
    bool native = false;
  };
  static constexpr std::size_t kMaximumDepth = 32;

  /// Whether the innermost containers have these names; an element of an array has none.
  [[nodiscard]] bool ends_with(std::initializer_list<std::string_view> names) const {
    if (path_.size() < names.size()) return false;
    auto at = path_.end() - static_cast<std::ptrdiff_t>(names.size());
    for (const std::string_view name : names) {
      if (*at++ != name) return false;
    }
    return true;
  }
  [[nodiscard]] bool in_thread() const { return ends_with({"threads", ""}) || (path_.size() == 2 && ends_with({"", ""})); }
  [[nodiscard]] bool in_element() const { return ends_with({"stackTrace", ""}) || ends_with({"lockedMonitors", ""}) || ends_with({"lockedSynchronizers", ""}); }
  void end_element();
  bool number(std::int64_t value) {
    if (in_element()) {
      if (key_ == "lineNumber") element_.line = value;
      else if (key_ == "identityHashCode") element_.hash = value;
      else if (key_ == "lockedStackDepth" && !thread_.monitors.empty()) thread_.monitors.back().depth = value > 0 ? static_cast<std::size_t>(value) : 0;
    }
    if (ends_with({"monitorsOwned", ""}) && key_ == "depth" && !thread_.monitors.empty()) {
      thread_.monitors.back().depth = value > 0 ? static_cast<std::size_t>(value) : 0;
    }
    if (in_thread() && (key_ == "tid" || key_ == "threadId")) thread_.id = std::to_string(value);
    if (in_thread() && key_ == "lockOwnerId" && value >= 0) thread_.lock_owner_id = std::to_string(value);
    return true;
  }
  void emit();

  DumpBuilder& builder_;
  JavaThreads threads_;
  std::vector<std::string> path_;  ///< names of the open containers
  std::string key_;
  Thread thread_;
  Element element_;
  JavaOwners owners_;
  std::int64_t wall_ns_ = 0;
  bool cut_off_ = false;
};

bool Handler::string(string_t& value) {
  if (ends_with({"threads", "", "stack"})) {
    if (thread_.stack.size() < DumpBuilder::kMaximumFrames) thread_.stack.push_back(value);
  } else if (ends_with({"monitorsOwned", "", "locks"})) {
    if (!thread_.monitors.empty()) thread_.monitors.back().locks.push_back(value);
  } else if (ends_with({"parkBlocker"})) {
    (key_ == "owner" ? thread_.owner : thread_.parked_on) = value;
  } else if (in_thread()) {
    if (key_ == "tid") thread_.id = value;
    else if (key_ == "name") thread_.name = value;
    else if (key_ == "state") thread_.state = value;
    else if (key_ == "blockedOn") thread_.blocked_on = value;
    else if (key_ == "waitingOn") thread_.waiting_on = value;
    else if (key_ == "parkBlocker") thread_.parked_on = value;
    else if (key_ == "threadName") thread_.name = value;
    else if (key_ == "threadState") thread_.state = value;
    else if (key_ == "lockName") thread_.lock_name = value;
    else if (key_ == "lockOwnerName") thread_.lock_owner_name = value;
  } else if (in_element()) {
    if (key_ == "className") element_.class_name = value;
    else if (key_ == "methodName") element_.method = value;
    else if (key_ == "fileName") element_.file = value;
    else if (key_ == "moduleName") element_.module = value;
  } else if (ends_with({"threadDump"})) {
    std::string_view digits = value;
    if (key_ == "processId") builder_.info().pid = static_cast<std::int64_t>(take_number(digits).value_or(0));
    else if (key_ == "runtimeVersion") builder_.info().version = value;
    else if (key_ == "time") wall_ns_ = parse_wall_time(value);
  }
  return true;
}

/// A frame of ThreadInfo's becomes what HotSpot prints, "java.base/java.lang.Thread.run(Thread.java:840)"; a lock "depot.Shelf@32a88bc2".
void Handler::end_element() {
  if (ends_with({"stackTrace", ""})) {
    if (thread_.stack.size() >= DumpBuilder::kMaximumFrames) return;
    std::string text = element_.module.empty() ? std::string() : element_.module + '/';
    text.append(element_.class_name).append(".").append(element_.method).append("(");
    if (element_.native) text += "Native Method";
    else if (element_.file.empty()) text += "Unknown Source";
    else text.append(element_.file).append(element_.line > 0 ? ":" + std::to_string(element_.line) : "");
    thread_.stack.push_back(text + ')');
    return;
  }
  std::array<char, 16> digits{};
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint32_t>(element_.hash), 16).ptr;
  const std::string lock = element_.class_name + '@' + std::string(digits.data(), static_cast<std::size_t>(end - digits.data()));
  if (ends_with({"lockedMonitors", ""})) thread_.monitors.back().locks.push_back(lock);
  else thread_.synchronizers.back() = lock;
}

void Handler::emit() {
  if (!builder_.dump_open()) builder_.begin_dump(wall_ns_);
  threads_.begin(thread_.id, thread_.name, 0);
  ThreadRecord& record = builder_.thread();
  if (thread_.is_virtual) record.label = builder_.table().intern("virtual");
  for (const std::string& frame : thread_.stack) threads_.frame(frame);
  if (!thread_.state.empty()) threads_.state(thread_.state);
  for (const Monitors& monitors : thread_.monitors) {
    for (const std::string& lock : monitors.locks) threads_.locked_at(monitors.depth, parse_java_lock(lock));
  }
  if (!thread_.blocked_on.empty()) threads_.enters_at_top(parse_java_lock(thread_.blocked_on));
  else if (!thread_.waiting_on.empty()) threads_.waits(parse_java_lock(thread_.waiting_on));
  else if (!thread_.parked_on.empty()) threads_.parks(parse_java_lock(thread_.parked_on));
  else if (!thread_.lock_name.empty()) threads_.waits_by_state(parse_java_lock(thread_.lock_name));
  if (!thread_.lock_owner_id.empty()) owners_.add(thread_.lock_owner_id, thread_.lock_owner_name, parse_java_lock(thread_.lock_name), threads_.at_monitor());
  for (const std::string& lock : thread_.synchronizers) threads_.owns(builder_.thread_index(), parse_java_lock(lock));
  if (cut_off_) {
    record.quality = StackQuality::kPartial;
    record.absence_reason = builder_.table().intern("the text breaks off");
  }
  threads_.end();
  thread_ = {};
}

class JavaJsonReader final : public LineReader {
 public:
  JavaJsonReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "java-json", Runtime::kJava), whole_(options) {}

  void line(const Line& line) override { whole_.append(line); }

  void finish() override {
    Handler handler(builder_);
    const std::string& text = whole_.text();
    const bool whole = Json::sax_parse(whole_.begin(), whole_.end(), &handler);
    handler.finish();
    if (!whole) {
      const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(handler.error_position, text.size())), '\n');
      builder_.diagnose(Severity::kDataLoss, static_cast<std::uint64_t>(lines) + 1, "JSON ends or is damaged here; what follows was not read");
    }
    whole_.diagnose([this](Severity severity, std::uint64_t line, const std::string& reason) { builder_.diagnose(severity, line, reason); });
    builder_.finish();
  }

 private:
  DumpBuilder builder_;
  WholeText whole_;
};

Recognition recognise(std::string_view head) {
  const std::string_view begin = trim_front(head.substr(0, 64));
  if (!begin.starts_with('{') && !begin.starts_with('[')) return {0, "does not begin with '{' or '['"};
  if (contains(head, "\"threadDump\"") && begin.starts_with('{')) return {95, "JSON with \"threadDump\""};
  if (contains(head, "\"threadName\"") && contains(head, "\"threadState\"")) return {90, "JSON with \"threadName\" and \"threadState\""};
  return {0, "JSON, but no \"threadDump\", no \"threadName\" with \"threadState\"", begin.starts_with('{')};
}

constexpr std::array kSigns = std::to_array<Sign>({{"{", Sign::Where::kLineBegin}, {"\"threadState\""}});

}  // namespace

const Format& java_json_format() {
  static constexpr Format kFormat{
      "java-json", "Java threads as JSON: jcmd Thread.dump_to_file -format=json, Spring Boot's actuator", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<JavaJsonReader>(options, sink); },
      nullptr, nullptr, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
