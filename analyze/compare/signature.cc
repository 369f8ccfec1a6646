#include "analyze/compare/signature.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace tailback::analyze {
namespace {

constexpr std::string_view kBetween = " | ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Marks after which a number is the compiler's or the runtime's, not the program's.
bool ends_in_numbered_mark(std::string_view text) {
  constexpr std::array<std::string_view, 9> kMarks{".func", ".gowrap", ".deferwrap", "#", "$", "$_", "Proxy", "Accessor", ".func."};
  return std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) { return text.ends_with(mark); });
}

/// What compilers and linkers put behind a name.
std::string_view without_suffixes(std::string_view name) {
  for (const std::string_view mark : {" [clone ", "@plt", "@@", ".isra.", ".constprop.", ".part.", ".cold", ".lto_priv."}) {
    const std::size_t at = name.find(mark);
    if (at != std::string_view::npos && at > 0) name = name.substr(0, at);
  }
  return name;
}

/// The function that called `function` in the thread's stack: the next frame out that has another name.
std::string_view caller_of(const StackTable& table, std::span<const FrameId> stack, std::string_view function) {
  for (std::size_t i = 0; i + 1 < stack.size(); ++i) {
    if (table.function(stack[i]) == function) return table.function(stack[i + 1]);
  }
  return {};
}

std::vector<std::string_view> parts_of(std::string_view signature) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = signature.find(kBetween);
    parts.push_back(signature.substr(0, at));
    if (at == std::string_view::npos) return parts;
    signature.remove_prefix(at + kBetween.size());
  }
}

void add_link(const StackTable& table, const Dump& dump, const ChainLink& link, std::set<std::string>& positions) {
  if (link.holds.valid()) positions.insert("held " + std::string(to_string(link.mode)) + " " + stable_function(link.function));
  const std::string& waits = link.wait_function.empty() ? link.function : link.wait_function;
  if (waits.empty() || (link.holds.valid() && !link.waits_for.valid() && link.wait_function.empty())) return;
  std::string part = link.waits_for.valid() ? "wait " + std::string(to_string(link.wait_mode)) + " " : "stands ";
  part += stable_function(waits);
  if (link.thread.index < dump.threads.size()) {
    const std::string_view caller = caller_of(table, table.stack(dump.threads[link.thread.index].stack), waits);
    if (!caller.empty()) part += " < " + stable_function(caller);
  }
  positions.insert(std::move(part));
}

}  // namespace

std::string stable_function(std::string_view function) {
  function = without_suffixes(function);
  std::string out;
  for (std::size_t i = 0; i < function.size();) {
    // A class loader's or JIT's address: "$$Lambda$14/0x0000000800c03000".
    if (function.compare(i, 3, "/0x") == 0) {
      i += 3;
      while (i < function.size() && is_hex(function[i])) ++i;
      continue;
    }
    if (function.compare(i, 5, "[abi:") == 0) {
      const std::size_t end = function.find(']', i);
      i = end == std::string_view::npos ? function.size() : end + 1;
      continue;
    }
    if (is_digit(function[i]) && ends_in_numbered_mark(out)) {
      while (i < function.size() && is_digit(function[i])) ++i;
      // Nested literals of Go: ".func2.1.1" is one thing.
      while (i + 1 < function.size() && function[i] == '.' && is_digit(function[i + 1])) {
        ++i;
        while (i < function.size() && is_digit(function[i])) ++i;
      }
      // "lambda$start$3": the mark goes with its number.
      if (out.ends_with('$') && !out.ends_with("$$")) out.pop_back();
      continue;
    }
    out += function[i++];
  }
  return out;
}

std::string signature_of(const Recording& recording, const Analysis& analysis, const Finding& finding) {
  const Dump& dump = recording.dumps[finding.dump];
  std::set<std::string> kinds, positions;
  for (const LockId lock : finding.locks) {
    if (lock.index < dump.locks.size()) kinds.insert(std::string(to_string(dump.locks[lock.index].kind)));
  }
  for (const ChainLink& link : finding.chain) add_link(recording.table, dump, link, positions);
  if (finding.chain.empty()) {
    // A finding of a crowd without a chain is known by what the crowd does: its largest group.
    const auto in = std::find_if(analysis.dumps.begin(), analysis.dumps.end(), [&](const DumpAnalysis& d) { return d.dump == finding.dump; });
    if (in != analysis.dumps.end() && !in->groups.empty()) {
      const Group& group = in->groups.front();
      const auto stack = recording.table.stack(group.stack);
      const ThreadIndex first = group.threads.front();
      const std::size_t own = first.index < in->activities.size() ? in->activities[first.index].own_frame : 0;
      if (own < stack.size()) positions.insert("stands " + stable_function(recording.table.function(stack[own])));
    }
  }
  std::string signature(to_string(finding.kind));
  for (const std::set<std::string>* parts : {&kinds, &positions}) {
    for (const std::string& part : *parts) {
      signature += kBetween;
      signature += part;
    }
  }
  return signature;
}

double signature_similarity(std::string_view a, std::string_view b) {
  if (a == b) return 1;
  const std::vector<std::string_view> left = parts_of(a), right = parts_of(b);
  std::vector<std::size_t> above(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)});
    }
    std::swap(above, row);
  }
  return 1 - static_cast<double>(above.back()) / static_cast<double>(std::max(left.size(), right.size()));
}

}  // namespace tailback::analyze
