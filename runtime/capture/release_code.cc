#include "runtime/capture/release_code.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string>

#include "runtime/capture/exception_table.h"
#include "runtime/capture/machine_code.h"

namespace tailback {
namespace {

constexpr std::uint64_t kPadBytes = 256, kPathBytes = 4096, kLargestGuard = 64 * 1024;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// "std::unique_lock<RwLock>::lock" → "std::unique_lock::lock": template arguments name other things.
std::string without_templates(std::string_view text) {
  std::string plain;
  int depth = 0;
  for (char c : text) {
    if (c == '<') ++depth;
    if (depth == 0) plain += c;
    if (c == '>') --depth;
  }
  return plain;
}

bool contains_lock_word(const std::string& lower) {
  for (std::size_t at = lower.find("lock"); at != std::string::npos; at = lower.find("lock", at + 1)) {
    const char before = at > 0 ? lower[at - 1] : ' ';
    if (before != 'b' && before != 'c') return true;  // not a block, not a clock
  }
  return lower.find("mutex") != std::string::npos || lower.find("acquire") != std::string::npos || lower.find("guard") != std::string::npos;
}

}  // namespace

bool names_release(std::string_view function) {
  const std::string lower = lower_case(without_templates(function));
  if (lower.find("unlock") != std::string::npos || lower.find("release") != std::string::npos) return true;
  return lower.find('~') != std::string::npos && contains_lock_word(lower);
}

bool names_lock_taking(std::string_view function) {
  const std::string lower = lower_case(without_templates(function));
  if (lower.find("unlock") != std::string::npos) return false;
  if (lower.starts_with("pthread_rwlock_") || lower.starts_with("pthread_mutex_")) return lower.ends_with("lock");
  const std::size_t last = lower.rfind("::");
  if (last == std::string::npos) return contains_lock_word(lower);
  const std::size_t scope = last == 0 ? std::string::npos : lower.rfind("::", last - 1);
  const std::size_t begin = scope == std::string::npos ? 0 : scope + 2;
  const std::string type = lower.substr(begin, last - begin), member = lower.substr(last + 2);
  // A member that takes, or a guard's constructor.
  return contains_lock_word(member) || (member == type && contains_lock_word(type));
}

bool ReleaseCode::is_lock_or_guard(std::uint64_t argument, std::string_view function, const Registers& registers, std::uint64_t lock, bool released_guard) {
  if (argument == lock) return !released_guard;
  // A guard in this frame: its first word is the lock. std::unique_lock and std::shared_lock then say whether they own it.
  const std::uint64_t stack_pointer = registers.value[arch::kStackPointer];
  std::uint64_t words[2] = {};
  if (argument < stack_pointer || argument - stack_pointer > kLargestGuard || memory_.read(argument, words, sizeof words) != sizeof words) return false;
  const bool flagged = function.find("unique_lock") != std::string_view::npos || function.find("shared_lock") != std::string_view::npos;
  return words[0] == lock && (!flagged || (words[1] & 0xff) == 1);
}

ReleaseCode::Deed ReleaseCode::first_deed(std::uint64_t begin, std::uint64_t size, const Registers& registers, std::uint64_t lock, bool released_guard) {
  Deed deed;
  bool over = false;
  for_each_call(memory_, begin, size, [&](std::uint64_t target, const unsigned char* code, std::size_t at) {
    if (over) return;
    const std::string& name = symbolizer_.name(target).back().function;
    over = name == "_Unwind_Resume" || name == "__cxa_begin_catch";  // what follows belongs to other code
    const bool releases = names_release(name), takes = !releases && names_lock_taking(name);
    std::uint64_t argument = 0;
    if (over || (!releases && !takes) || !first_argument(memory_, code, begin, at, registers, argument)) return;
    if (!is_lock_or_guard(argument, name, registers, lock, released_guard)) return;
    deed = {releases ? Deed::Kind::kReleases : Deed::Kind::kTakes, begin + at + (code[at] == 0xe8 ? 5 : 6)};
    over = true;
  });
  return deed;
}

bool ReleaseCode::leads_back_into(std::uint64_t address, const FrameRow& row, const Registers& registers, std::uint64_t call_address, std::uint64_t lock) {
  const std::uint64_t next = follow_jumps(memory_, address);
  if (next < row.function_begin || next >= call_address) return false;
  return first_deed(next, call_address - next, registers, lock, false).kind != Deed::Kind::kTakes;
}

bool ReleaseCode::gives_back(const FrameRow& row, const Registers& registers, std::uint64_t call_address, std::uint64_t lock, bool released_guard) {
  if (const std::uint64_t pad = landing_pad(memory_, row.exception_table, row.function_begin, call_address); pad != 0) {
    // Clean-up code may lie apart, in a part of the function with rules of its own; behind its end comes another function's.
    const std::uint64_t begin = follow_jumps(memory_, pad);
    const FrameRow* part = unwinder_.rules(begin);
    const std::uint64_t size = part != nullptr ? std::min(part->function_end - begin, kPadBytes) : 0;
    if (first_deed(begin, size, registers, lock, released_guard).kind == Deed::Kind::kReleases) return true;
  }
  const std::uint64_t rest = row.function_end - call_address - 1;
  const Deed deed = first_deed(call_address + 1, std::min(rest, kPathBytes), registers, lock, released_guard);
  // A release that was placed behind a call that never returns belongs to what came before: it goes back to there.
  return deed.kind == Deed::Kind::kReleases && !leads_back_into(deed.behind, row, registers, call_address, lock);
}

}  // namespace tailback
