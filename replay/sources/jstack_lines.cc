#include "replay/sources/jstack_lines.h"

#include <algorithm>
#include <array>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kVisualVm = " - Thread t@";

/// "cpu=38.70ms" in the header's fields, or SAP's "cpu=1.54 [reset 1.54] ms" → nanoseconds.
std::int64_t cpu_time(std::string_view fields) {
  const std::size_t at = fields.find(" cpu=");
  if (at == std::string_view::npos) return -1;
  double milliseconds = 0;
  std::string_view text = fields.substr(at + 5);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const bool ok = error == std::errc{} && (text.starts_with("ms") || text.starts_with(" [reset "));
  return ok && milliseconds >= 0 && milliseconds < 1e12 ? static_cast<std::int64_t>(milliseconds * 1e6) : -1;
}

/// Whether what follows a quoted name is a thread's fields, and not prose.
bool are_fields(std::string_view text) {
  if (text.starts_with(kVisualVm)) return true;
  static constexpr std::array<std::string_view, 9> kFirst = {" #", " daemon ", " virtual", " prio=", " os_prio=", " Id=", " tid=", " nid=", " cpu="};
  static constexpr std::array<std::string_view, 6> kFields = {" tid=", " nid=", " prio=", " os_prio=", " Id=", " allocated="};
  const auto first = std::any_of(kFirst.begin(), kFirst.end(), [text](std::string_view field) { return text.starts_with(field); });
  return first && std::any_of(kFields.begin(), kFields.end(), [text](std::string_view field) { return text.find(field) != std::string_view::npos; });
}

std::string_view word_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + key.size());
  return rest.substr(0, rest.find(' '));
}

/// The state of ThreadInfo's header stands behind the id, and sometimes a group: "Id=5 Group=main RUNNABLE (in native)".
std::string_view from_state(std::string_view fields) {
  static constexpr std::array<std::string_view, 6> kStates = {" BLOCKED", " WAITING", " TIMED_WAITING", " RUNNABLE", " NEW", " TERMINATED"};
  std::size_t first = std::string_view::npos;
  for (const std::string_view state : kStates) {
    const std::size_t at = fields.find(state);
    const std::size_t end = at == std::string_view::npos ? at : at + state.size();
    if (at < first && (end == fields.size() || fields[end] == ' ')) first = at;
  }
  return first == std::string_view::npos ? std::string_view{} : fields.substr(first + 1);
}

void read_thread_info(JavaHeader& header, std::string_view fields) {
  header.id = word_after(fields, " Id=");
  std::string_view state = from_state(fields);
  const std::size_t on = state.find(" on ");
  if (on != std::string_view::npos) header.blocker = parse_java_blocker(state.substr(on + 4));
  header.state = state.substr(0, std::min(on, state.find(" (")));
}

/// The fields of HotSpot: the state in words stands behind the last one and before the stack's bounds: "nid=0x24c in Object.wait() [429f000..429fd8c]"
void read_hotspot(JavaHeader& header, std::string_view fields) {
  header.id = word_after(fields, " #");
  const std::string_view nid = word_after(fields, " nid=");
  if (header.id.empty()) header.id = !nid.empty() ? nid : word_after(fields, " tid=");
  if (header.id == "0x0") header.id = {};  // of IntelliJ, which knows none
  if (nid.empty()) return;
  std::string_view state = trim_front(fields.substr(static_cast<std::size_t>(nid.data() + nid.size() - fields.data())));
  if (skip(state, "/ ")) state = trim_front(state.substr(std::min(state.find(' '), state.size())));  // SAP: the same in decimal
  for (const std::string_view key : {"lwp_id=", "pthread-id="}) {
    if (state.starts_with(key)) state = trim_front(state.substr(std::min(state.find(' '), state.size())));
  }
  header.state = trim(state.substr(0, state.find('[')));
}

std::optional<JavaHeader> parse_quoted(std::string_view line) {
  JavaHeader header;
  // A name may have quotes itself, and so may what follows: the name ends where fields begin.
  std::size_t close = line.find('"', 1);
  while (close != std::string_view::npos && !are_fields(line.substr(close + 1))) close = line.find('"', close + 1);
  if (close == std::string_view::npos) return std::nullopt;
  header.name = line.substr(1, close - 1);
  const std::string_view fields = line.substr(close + 1);
  header.cpu_ns = cpu_time(fields);
  if (fields.starts_with(kVisualVm)) header.id = word_after(fields, kVisualVm);
  else if (fields.find(" Id=") != std::string_view::npos) read_thread_info(header, fields);
  else read_hotspot(header, fields);
  return header;
}

std::optional<JavaHeader> parse_numbered(std::string_view line) {
  JavaHeader header;
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

std::optional<JavaHeader> parse_forced(std::string_view line) {
  JavaHeader header;
  if (!skip(line, "Thread ")) return std::nullopt;
  header.id = line.substr(0, line.find(':'));
  if (header.id.empty() || header.id.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  line.remove_prefix(header.id.size());
  if (!skip(line, ": (state = ") || !line.ends_with(')')) return std::nullopt;
  header.state = line.substr(0, line.size() - 1);
  return header;
}

/// "000000069ec1b658" of older dumps and of tools that print an identity hash.
bool is_bare_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos && text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::optional<JavaHeader> parse_java_header(std::string_view line) {
  if (line.empty()) return std::nullopt;
  switch (line.front()) {
    case '"': return parse_quoted(line);
    case '#': return parse_numbered(line);
    case 'T': return parse_forced(line);
    default: return std::nullopt;
  }
}

std::optional<JavaHeader> parse_sap_fields(std::string_view line) {
  if (!line.starts_with("prio=") || line.find(" nid=") == std::string_view::npos) return std::nullopt;
  JavaHeader header;
  read_hotspot(header, line);
  return header;
}

JavaLock parse_java_reference(std::string_view text) {
  const std::size_t open = text.find('<');
  if (open == std::string_view::npos || text.find('@') < open) return text.find('@') == std::string_view::npos ? JavaLock{} : parse_java_lock(text.substr(0, text.find(' ')));
  text.remove_prefix(open + 1);
  const std::string_view reference = text.substr(0, text.find('>'));
  JavaLock lock;
  std::string_view digits = reference;
  if (const auto address = take_hex(digits)) {
    lock.identity = *address;
  } else if (is_bare_hex(reference)) {
    (void)std::from_chars(reference.data(), reference.data() + reference.size(), lock.identity, 16);
  } else if (reference.find('@') != std::string_view::npos) {
    return parse_java_lock(reference);
  } else {
    return {};  // "<no object reference available>", "<owner is scalar replaced>": nothing is told
  }
  const std::size_t class_at = text.find("(a ");
  const std::size_t class_end = text.find(')', class_at);  // not there: the line breaks off, within the name
  if (class_at != std::string_view::npos && class_end != std::string_view::npos) lock.class_name = text.substr(class_at + 3, class_end - class_at - 3);
  return lock;
}

JavaOwner take_java_owner(std::string_view& text) {
  constexpr std::string_view kOwned = " owned by";
  JavaOwner owner;
  const std::size_t at = text.find(kOwned);
  if (at == std::string_view::npos) return owner;
  std::string_view rest = text.substr(at + kOwned.size());
  text = text.substr(0, at);
  (void)skip(rest, ":");
  rest = trim(rest);
  if (!skip(rest, "\"")) {  // VisualVM's "owned by: packer"
    owner.name = rest;
    return owner;
  }
  const std::size_t close = rest.rfind('"');
  owner.name = rest.substr(0, close);
  if (close == std::string_view::npos) return owner;
  for (const std::string_view key : {" Id=", " t@"}) {
    if (owner.id.empty()) owner.id = word_after(rest.substr(close + 1), key);
  }
  return owner;
}

JavaBlocker parse_java_blocker(std::string_view text) {
  JavaBlocker blocker;
  blocker.owner = take_java_owner(text);
  blocker.lock = parse_java_reference(text);
  return blocker;
}

}  // namespace tailback::replay
