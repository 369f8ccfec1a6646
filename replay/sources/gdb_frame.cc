#include "replay/sources/gdb_frame.h"

#include "replay/sources/native_names.h"
#include "replay/sources/scan.h"
#include "runtime/symbols/rust_name.h"

namespace tailback::replay {
namespace {

/// Cuts one "name=value" off the front of an argument list; commas within brackets and strings don't end it.
std::string_view take_argument(std::string_view& list) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = find_any<',', '"', '\\', '(', '{', '[', ')', '}', ']'>(list); i < list.size(); i = find_any<',', '"', '\\', '(', '{', '[', ')', '}', ']'>(list, i + 1)) {
    const char c = list[i];
    if (c == '\\') {
      if (quoted) ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == '(' || c == '{' || c == '[') {
      ++depth;
    } else if (c != ',') {
      --depth;
    } else if (depth <= 0) {
      const std::string_view argument = list.substr(0, i);
      list.remove_prefix(i + 1);
      return argument;
    }
  }
  const std::string_view argument = list;
  list = {};
  return argument;
}

/// "mutex=mutex@entry=0x555705271340 <A>" → name and 0x555705271340. A reference prints as "@0x…", a typed pointer as
/// "(std::mutex *) 0x…". Values that are no address yield none.
std::optional<std::uint64_t> argument_address(std::string_view value) {
  if (const std::size_t entry = value.find("@entry="); entry != std::string_view::npos && entry < value.find_first_of(" \"{")) {
    value.remove_prefix(entry + 7);
  }
  if (value.starts_with('(')) {
    const std::size_t close = value.find(") ");
    if (close != std::string_view::npos) value.remove_prefix(close + 2);
  }
  (void)skip(value, "@");
  return take_hex(value);
}

/// A global variable is the lock: its symbol names it better than any class.
void take_lock(StackTable& table, std::string_view argument, std::uint64_t address, GdbFrame& result) {
  static constexpr std::pair<std::string_view, LockKind> kLocks[] = {{"mutex", LockKind::kMutex}, {"rwlock", LockKind::kRwlock}, {"cond", LockKind::kCondition},
                                                                    {"sem", LockKind::kSemaphore}, {"once_control", LockKind::kOnce}};
  const std::size_t open = argument.rfind(" <"), equals = argument.find('=');
  if (open == std::string_view::npos || !argument.ends_with('>') || address == 0) return;
  for (const auto& [name, kind] : kLocks) {
    if (argument.substr(0, equals) != name) continue;
    result.lock = address;
    result.lock_kind = kind;
    result.lock_name = table.intern(argument.substr(open + 2, argument.size() - open - 3));
  }
}

/// Of a list whose end is missing the last value may be a part of one: half an address is another lock's.
std::string_view without_last_argument(std::string_view list) {
  std::string_view rest = list, whole;
  while (!rest.empty()) {
    whole = list.substr(0, list.size() - rest.size());
    (void)take_argument(rest);
  }
  return whole;
}

void parse_arguments(StackTable& table, std::string_view list, GdbFrame& result) {
  for (unsigned position = 0; !list.empty() && position < kLocalVariable; ++position) {
    const std::string_view argument = trim(take_argument(list));
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) continue;
    if (const auto address = argument_address(argument.substr(equals + 1))) {
      if (position == 0) take_lock(table, argument, *address, result);
      result.arguments.push_back({*address, table.intern(argument.substr(0, equals)), 0, static_cast<std::uint8_t>(position), false});
    }
  }
}

/// Cuts " at FILE:LINE" or " from MODULE" off the end, behind the list's closing bracket: a string argument may hold such words,
/// but nothing behind it does.
void take_place(StackTable& table, std::string_view& text, Frame& frame) {
  for (std::size_t close = find_last(text, ')'); close != std::string_view::npos; close = find_last(text.substr(0, close), ')')) {
    std::string_view behind = text.substr(close + 1);
    const bool at = skip(behind, " at ");
    if (!at && !skip(behind, " from ")) continue;
    behind = trim(behind);
    if (const Place place = split_place(behind); at || place.line != 0) {
      frame.file = table.intern(place.file);
      frame.line = place.line;
    } else {
      frame.module = table.intern(behind);
    }
    text = text.substr(0, close + 1);
    return;
  }
}

/// quickstack -a: "pthread_cond_wait from /lib64/libpthread.so.0", a name without brackets.
void take_place_of_plain_name(StackTable& table, std::string_view& text, Frame& frame) {
  const std::size_t from = text.find(" from ");
  if (from == std::string_view::npos || text.find('(') != std::string_view::npos) return;
  const std::string_view behind = trim(text.substr(from + 6));
  if (const Place place = split_place(behind); place.line != 0) {
    frame.file = table.intern(place.file);
    frame.line = place.line;
  } else {
    frame.module = table.intern(behind);
  }
  text = text.substr(0, from);
}

/// Windows: "ntdll!RtlEnterCriticalSection". The module stands behind "from" as well.
std::string_view without_module(std::string_view name) {
  const std::size_t mark = name.find('!');
  if (mark == std::string_view::npos || mark == 0 || name.substr(0, mark).ends_with("operator")) return name;
  return name.substr(0, mark).find_first_of(":<( ") == std::string_view::npos ? name.substr(mark + 1) : name;
}

}  // namespace

GdbFrame parse_gdb_frame(StackTable& table, std::string_view text, bool innermost) {
  GdbFrame result;
  text = trim(text);
  if (const auto address = take_hex(text)) {
    result.has_address = true;
    result.frame.address = innermost || *address == 0 ? *address : *address - 1;
    (void)(skip(text, " in ") || skip(text, " "));
  }
  if (text.starts_with('<') && text.ends_with('>')) {
    result.signal_handler = text == "<signal handler called>";
    result.frame.function = table.intern(text);
    return result;
  }
  take_place(table, text, result.frame);
  if (result.has_address) take_place_of_plain_name(table, text, result.frame);
  const std::size_t open = find_arguments(text);
  const std::string_view name = without_module(text.substr(0, open));
  if (!name.empty() && name != "??") result.frame.function = table.intern(readable_rust_name(function_name(name)));
  result.has_arguments = open != std::string_view::npos;
  if (result.has_arguments) {
    std::string_view list = text.substr(open + 2);
    result.unfinished = !list.ends_with(')');
    if (result.unfinished) list = without_last_argument(list);
    else list.remove_suffix(1);
    parse_arguments(table, list, result);
  }
  return result;
}

Argument parse_gdb_guard(StackTable& table, std::string_view line) {
  const std::size_t device = line.find("{_M_device = ");
  if (device == std::string_view::npos || line.find("_M_owns = false") != std::string_view::npos) return {};
  const std::string_view name = trim(line.substr(0, line.find('=')));
  const auto address = argument_address(line.substr(device + 13));
  if (!address || *address == 0) return {};
  return {*address, table.intern(std::string(name) + "._M_device"), 0, kLocalVariable, true};
}

}  // namespace tailback::replay
