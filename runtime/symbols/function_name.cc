#include "runtime/symbols/function_name.h"

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

#include "runtime/symbols/rust_name.h"

namespace tailback {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)", kLambda = "{lambda(", kOperator = "operator";

/// Where the operator's own characters end, if `text` at `at` is the word "operator": "operator()", "operator<", "operator bool".
std::size_t skip_operator(std::string_view text, std::size_t at) {
  const bool begins = at == 0 || text[at - 1] == ':' || text[at - 1] == ' ';
  if (!begins || !text.substr(at).starts_with(kOperator)) return at;
  std::size_t end = at + kOperator.size();
  if (text.substr(end).starts_with("()")) return end + 2;
  while (end < text.size() && std::string_view("<>=!+-*/%^&|~,[]").find(text[end]) != std::string_view::npos) ++end;
  if (end == at + kOperator.size() && end < text.size() && text[end] == ' ') end = text.find('(', end);  // a conversion: "operator bool"
  return end == std::string_view::npos ? text.size() : end;
}

}  // namespace

std::string without_arguments(std::string_view text) {
  int templates = 0;
  std::size_t begin = 0, at = 0;
  while (at < text.size()) {
    if (const std::size_t after = skip_operator(text, at); after != at) { at = after; continue; }
    const char c = text[at];
    if (c == '<') ++templates;
    else if (c == '>') --templates;
    else if (templates == 0 && text.substr(at).starts_with(kAnonymous)) { at += kAnonymous.size(); continue; }
    else if (templates == 0 && text.substr(at).starts_with(kLambda)) {
      // "f(int)::{lambda(char)#1}::operator()": up to its closing brace it is a name
      const std::size_t close = text.find('}', at);
      if (close == std::string_view::npos) break;
      at = close + 1;
      continue;
    } else if (templates == 0 && c == '(') {
      // Arguments; a member of a local entity may follow: "f(int)::{lambda()#1}::operator()() const".
      int depth = 0;
      std::size_t close = at;
      for (; close < text.size(); ++close) {
        if (text[close] == '(') ++depth;
        if (text[close] == ')' && --depth == 0) break;
      }
      std::size_t next = close + 1;
      if (text.substr(std::min(next, text.size())).starts_with(" const")) next += 6;
      if (next < text.size() && text.substr(next).starts_with("::")) {
        return std::string(text.substr(begin, at - begin)) + std::string("::") + without_arguments(text.substr(next + 2));
      }
      return std::string(text.substr(begin, at - begin));
    } else if (templates == 0 && c == '[' && text.substr(at).starts_with("[clone")) {
      while (at > begin && text[at - 1] == ' ') --at;
      return std::string(text.substr(begin, at - begin));
    } else if (templates == 0 && c == ' ') {
      begin = at + 1;  // what came before was a return type
    }
    ++at;
  }
  return std::string(text.substr(begin));
}

std::string_view last_name(std::string_view function) {
  int depth = 0;
  for (std::size_t i = function.size(); i > 1; --i) {
    const char c = function[i - 1];
    if (c == '>' || c == ')') ++depth;
    if (c == '<' || c == '(') --depth;
    if (depth == 0 && c == ':' && function[i - 2] == ':') return function.substr(i);
  }
  return function;
}

std::string readable_function_name(const char* symbol) {
  if (symbol == nullptr) return {};
  if (std::string rust = readable_rust_symbol(symbol); !rust.empty()) return rust;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
  if (status == 0 && demangled) return readable_rust_name(without_arguments(demangled.get()));
  std::string_view plain(symbol);
  // "pthread_mutex_lock@@GLIBC_2.2.5", "f.isra.0", "f.cold"
  if (const auto version = plain.find('@'); version != std::string_view::npos && version > 0) plain = plain.substr(0, version);
  if (const auto dot = plain.find('.'); dot != std::string_view::npos && dot > 0) plain = plain.substr(0, dot);
  return std::string(plain);
}

}  // namespace tailback
