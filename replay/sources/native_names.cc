#include "replay/sources/native_names.h"

#include "replay/sources/scan.h"

#include <array>

namespace tailback::replay {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)";
constexpr std::string_view kOperator = "operator";

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

/// The index behind the "operator…" that begins at `at`, or `at` where none begins there. An operator's own brackets are
/// part of the name: operator(), operator<, operator->, operator[].
std::size_t skip_operator(std::string_view text, std::size_t at) {
  if (text.substr(at, kOperator.size()) != kOperator || (at > 0 && is_word(text[at - 1]))) return at;
  std::size_t end = at + kOperator.size();
  if (end < text.size() && is_word(text[end])) return at;
  if (text.substr(end, 2) == "()") return end + 2;
  while (end < text.size() && std::string_view("<>=+-*/%!&|^~,[]").find(text[end]) != std::string_view::npos) ++end;
  return end;
}

/// Steps through a name, telling the depth of brackets at each character.
template <class Visit>
void walk(std::string_view text, Visit&& visit) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t after = skip_operator(text, i); after != i) {
      i = after;
      continue;
    }
    const char c = text[i];
    if (c == '(' && text.substr(i, kAnonymous.size()) == kAnonymous) {
      i += kAnonymous.size();
      continue;
    }
    if (!visit(i, c, depth)) return;
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
    if ((c == '>' && (i == 0 || text[i - 1] != '-')) || c == ')' || c == ']' || c == '}') depth = depth > 0 ? depth - 1 : 0;
    ++i;
  }
}

/// A name as C and most of C++ have them: no template, no parameters, nothing that has to be looked at closer.
bool is_plain(std::string_view name) {
  for (const char c : name) {
    if (!is_word(c) && c != ':' && c != '~') return false;
  }
  return true;
}

/// Compilers mark copies of a function: "values.isra.0", "run.constprop.0", "run.cold".
std::string_view cut_clone_marks(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kMarks = {".isra", ".constprop", ".part", ".cold", ".lto_priv", ".llvm"};
  for (const std::string_view mark : kMarks) name = name.substr(0, name.find(mark));
  return name;
}

/// Behind the return type of a template's instance: the last space outside brackets, unless it belongs to an operator.
std::size_t name_begin(std::string_view name) {
  std::size_t begin = 0;
  bool operators = false;
  walk(name, [&](std::size_t i, char c, int depth) {
    if (name.substr(0, i).ends_with(kOperator) && (i == kOperator.size() || !is_word(name[i - kOperator.size() - 1]))) operators = true;
    if (c == ' ' && depth == 0 && !operators) begin = i + 1;
    return true;
  });
  return begin;
}

}  // namespace

std::string_view function_name(std::string_view printed) {
  if (is_plain(printed)) return printed;
  // Go's "sync.(*Mutex).lockSlow": the parentheses are a receiver's.
  if (printed.find(".(*") != std::string_view::npos) return trim(printed);
  std::size_t end = printed.size();
  walk(printed, [&](std::size_t i, char c, int depth) {
    if (depth != 0 || i == 0) return true;
    // The parameters, a clone mark, or a symbol's version end the name. "decltype(auto) f(int)" and "{lambda()#1}" don't.
    const bool parameters = c == '(' && !printed.substr(0, i).ends_with("decltype");
    const bool clone = c == '[' && printed.substr(i).starts_with("[clone");
    if (parameters || clone || c == '@') {
      // "foo()::{lambda(int)#1}::operator()(int)": parameters of an enclosing function are part of the name.
      if (parameters) {
        std::size_t close = i;
        int open = 0;
        for (; close < printed.size(); ++close) {
          if (printed[close] == '(') ++open;
          if (printed[close] == ')' && --open == 0) break;
        }
        std::string_view rest = printed.substr(std::min(close + 1, printed.size()));
        if (rest.starts_with(" const")) rest.remove_prefix(6);
        if (rest.starts_with("::")) return true;
      }
      end = i;
      return false;
    }
    return true;
  });
  std::string_view name = printed.substr(0, end);
  while (name.ends_with(' ')) name.remove_suffix(1);
  name = cut_clone_marks(name.substr(name_begin(name)));
  return name.empty() ? printed : name;
}

std::size_t find_arguments(std::string_view text) {
  if (const std::size_t space = text.find(' '); space != std::string_view::npos && text.substr(space, 2) == " (" && is_plain(text.substr(0, space))) return space;
  std::size_t found = std::string_view::npos;
  walk(text, [&](std::size_t i, char c, int depth) {
    if (c != '(' || depth != 0 || i == 0 || text[i - 1] != ' ') return true;
    found = i - 1;
    return false;
  });
  return found;
}

}  // namespace tailback::replay
