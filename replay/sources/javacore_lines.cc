#include "replay/sources/javacore_lines.h"

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

std::uint64_t hex(std::string_view text) {
  const auto value = take_hex(text);
  return value ? *value : 0;
}

}  // namespace

std::string_view javacore_field(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text = trim_front(text.substr(at + key.size()));
  return text.substr(0, text.find_first_of(", )"));
}

JavacoreOwner parse_javacore_owner(std::string_view text) {
  JavacoreOwner owner;
  const std::size_t open = text.find('"');
  if (open == std::string_view::npos) return owner;
  const std::size_t bracket = text.rfind("\" (");
  const std::size_t close = bracket != std::string_view::npos && bracket > open ? bracket : text.rfind('"');
  if (close <= open) return owner;
  owner.name = text.substr(open + 1, close - open - 1);
  std::string_view address = text.substr(close + 1);
  if (!skip(address, " (")) return owner;
  (void)skip(address, "J9VMThread:");
  owner.address = hex(address);
  owner.ended = address.starts_with("<null>") || owner.name == "<dead thread>";
  if (owner.name == "[osthread]") owner.name = {};  // no Java thread: "native thread ID:0x52CF" follows
  return owner;
}

JavacoreThread parse_javacore_thread(std::string_view text) {
  JavacoreThread thread;
  thread.name = text;
  if (!skip(text, "\"")) return thread;
  const std::size_t close = text.rfind("\" ");
  thread.name = text.substr(0, close);
  if (close == std::string_view::npos) {  // the line breaks off
    if (thread.name.ends_with('"')) thread.name.remove_suffix(1);
    return thread;
  }
  text.remove_prefix(close + 1);
  std::size_t known = 0;
  for (const std::string_view key : {"J9VMThread:", "J9VMContinuation:", "TID:", "omrthread_t:", "j9thread_t:", "sys_thread_t:", "java/lang/Thread:"}) {
    const std::uint64_t address = hex(javacore_field(text, key));
    if (address != 0 && known < thread.addresses.size()) thread.addresses[known++] = address;
  }
  thread.state = javacore_field(text, "state:");
  thread.native_id = javacore_field(text, "native ID:");
  return thread;
}

JavacoreNativeFrame parse_javacore_native_frame(std::string_view text) {
  JavacoreNativeFrame frame;
  const std::size_t bracket = text.rfind('(');
  if (bracket == std::string_view::npos) {
    frame.function = text;
    return frame;
  }
  frame.function = trim(text.substr(0, bracket));
  if (const std::size_t offset = frame.function.rfind("+0x"); offset != std::string_view::npos) frame.function = frame.function.substr(0, offset);
  text.remove_prefix(bracket + 1);
  frame.address = hex(text);
  if (const std::size_t open = text.find('['); open != std::string_view::npos) {
    frame.module = text.substr(open + 1);
    frame.module = frame.module.substr(0, frame.module.find_first_of("+]"));
    if (frame.module == "<unknown>") frame.module = {};
  }
  return frame;
}

}  // namespace tailback::replay
