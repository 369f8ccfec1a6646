#include "analyze/classify/source_functions.h"

#include <algorithm>
#include <array>
#include <optional>

namespace tailback::analyze {
namespace {

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

class Finder {
 public:
  Finder(const SourceTokens& tokens, SourceLanguage language) : t_(tokens), language_(language) {}

  std::vector<SourceFunction> run() {
    if (language_ == SourceLanguage::kGo) go();
    else scope(0, t_.size(), {}, 0);
    std::sort(found_.begin(), found_.end(), [](const SourceFunction& a, const SourceFunction& b) { return a.open < b.open; });
    return std::move(found_);
  }

 private:
  static constexpr int kMaximumDepth = 100;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr auto kQualifiers = std::to_array<std::string_view>({"const", "noexcept", "override", "mutable", "try", "volatile"});

  void go();
  void go_function(std::size_t at);
  void scope(std::size_t begin, std::size_t end, const std::string& type, int depth);
  bool brace(std::size_t head, std::size_t open, const std::string& type, int depth);
  void body(std::size_t begin, std::size_t end, const std::string& type, int depth);
  void add_closure(std::size_t head, std::size_t open, std::size_t close, const std::string& type, int depth);
  [[nodiscard]] bool is_namespace(std::size_t head, std::size_t open) const;
  [[nodiscard]] std::optional<std::string> class_name(std::size_t head, std::size_t open, std::size_t list) const;
  [[nodiscard]] bool is_initialiser(std::size_t head, std::size_t open, std::size_t list) const;
  [[nodiscard]] std::optional<std::string> anonymous_class(std::size_t open) const;
  [[nodiscard]] std::size_t lambda_body(std::size_t bracket) const;
  [[nodiscard]] bool is_case_arrow(std::size_t arrow) const;
  [[nodiscard]] std::size_t expression_end(std::size_t begin, std::size_t end) const;
  [[nodiscard]] std::size_t behind_angles(std::size_t open) const;
  [[nodiscard]] std::size_t closing(std::size_t open) const { return t_.match[open] == SourceTokens::kNone ? t_.size() : t_.match[open]; }
  [[nodiscard]] std::size_t parameters(std::size_t head, std::size_t open) const;
  std::string name_before(std::size_t list, std::string& type) const;

  const SourceTokens& t_;
  SourceLanguage language_;
  std::vector<SourceFunction> found_;
  std::vector<std::size_t> around_;  ///< Go: the functions around the place, by index into found_
};

/// Go: every `func` begins a function or, within one, a closure.
void Finder::go() {
  for (std::size_t i = 0; i < t_.size(); ++i) {
    if (t_[i].word() && t_.is(i, "func")) go_function(i);
  }
}

/// func (set *HashSet[K]) AddOne[T any](item string) (int, error) {          func(x int) error {
void Finder::go_function(std::size_t at) {
  SourceFunction function;
  function.head = at;
  std::size_t i = at + 1;
  while (!around_.empty() && found_[around_.back()].close < at) around_.pop_back();
  const bool method = t_.is(i, "(") && t_.word(t_.behind(i)) && (t_.is(t_.behind(i) + 1, "(") || t_.is(t_.behind(i) + 1, "[")) && around_.empty();
  if (method) {
    const std::size_t end = t_.behind(i) - 1;
    std::vector<std::string_view> words;
    for (std::size_t k = i + 1; k < end && !t_.is(k, "["); ++k) {
      if (t_[k].word()) words.push_back(t_[k].text);
    }
    if (words.size() > 1) function.receiver = words.front();
    if (!words.empty()) function.type = words.back();
    i = end + 1;
  }
  if (t_.word(i)) function.name = t_[i++].text;
  else function.closure = true;
  if (t_.is(i, "[")) i = t_.behind(i);
  if (!t_.is(i, "(")) return;
  i = t_.behind(i);
  // Results: "(int, error)", "[]string", "map[string]struct{}", "func() error", "interface{ Close() }"
  while (i < t_.size() && !t_.is(i, "{")) {
    if (t_.is(i, "(") || t_.is(i, "[")) {
      i = t_.behind(i);
    } else if ((t_.is(i, "struct") || t_.is(i, "interface")) && t_.is(i + 1, "{")) {
      i = t_.behind(i + 1);
    } else if (t_[i].word() || t_.is(i, "*") || t_.is(i, ".") || t_.is(i, "<") || t_.is(i, "-")) {
      // A function's type without a body ends with its line.
      if (t_[i].line != t_[i - 1].line && !t_.is(i - 1, ".")) return;
      ++i;
    } else {
      return;
    }
  }
  if (i >= t_.size()) return;
  function.open = i;
  function.close = closing(i);
  if (function.closure && !around_.empty()) {
    function.type = found_[around_.back()].type;
    function.receiver = found_[around_.back()].receiver;
  }
  around_.push_back(found_.size());
  found_.push_back(std::move(function));
}

/// Declarations of a file, namespace or class. A '{' is understood by what stands before it since the last declaration ended.
void Finder::scope(std::size_t begin, std::size_t end, const std::string& type, int depth) {
  if (depth > kMaximumDepth) return;
  std::size_t head = begin;
  for (std::size_t i = begin; i < end;) {
    if (t_.is(i, ";") || t_.is(i, "}")) {
      head = ++i;
    } else if (t_.is(i, ":") && i > begin && one_of(t_[i - 1].text, std::to_array<std::string_view>({"public", "private", "protected"}))) {
      head = ++i;
    } else if (t_.is(i, "(") || t_.is(i, "[")) {
      i = t_.behind(i);
    } else if (t_.is(i, "{")) {
      const bool ends_head = brace(head, i, type, depth);
      i = std::min(closing(i), t_.size()) + 1;
      if (ends_head) head = i;
    } else {
      ++i;
    }
  }
}

/// Reads the braces at `open`, whose declaration begins at `head`; false where the declaration goes on behind them.
bool Finder::brace(std::size_t head, std::size_t open, const std::string& type, int depth) {
  const std::size_t close = closing(open);
  const std::size_t list = parameters(head, open);
  if (const auto name = class_name(head, open, list)) {
    scope(open + 1, close, *name, depth + 1);
    return true;
  }
  if (is_namespace(head, open)) {
    scope(open + 1, close, type, depth + 1);
    return true;
  }
  if (is_initialiser(head, open, list)) {
    if (anonymous_class(open)) scope(open + 1, close, *anonymous_class(open), depth + 1);
    else body(open + 1, close, type, depth + 1);
    return false;
  }
  SourceFunction function;
  function.head = head;
  function.open = open;
  function.close = close;
  function.type = type;
  if (list != kNone) function.name = name_before(list, function.type);
  for (std::size_t i = head; i < (list == kNone ? open : list); ++i) {
    function.is_synchronized = function.is_synchronized || t_.is(i, "synchronized");
    function.is_static = function.is_static || t_.is(i, "static");
  }
  const std::string owner = function.type;
  found_.push_back(std::move(function));
  body(open + 1, close, owner, depth + 1);
  return true;
}

bool Finder::is_namespace(std::size_t head, std::size_t open) const {
  if (language_ != SourceLanguage::kCpp) return false;
  for (std::size_t i = head; i < open; ++i) {
    if (t_.is(i, "namespace") || (t_.is(i, "extern") && i + 1 < open && t_[i + 1].kind == SourceToken::Kind::kString)) return true;
  }
  return false;
}

/// The name of the class whose body begins at `open`; none where it is no class's.
std::optional<std::string> Finder::class_name(std::size_t head, std::size_t open, std::size_t list) const {
  static constexpr auto kWords = std::to_array<std::string_view>({"class", "struct", "union", "interface", "enum", "record"});
  for (std::size_t i = head; i < open; ++i) {
    if (t_.is(i, "template") && t_.is(i + 1, "<")) {
      i = behind_angles(i + 1) - 1;
      continue;
    }
    if (t_.is(i, "(") || t_.is(i, "[")) {
      i = t_.behind(i) - 1;
      continue;
    }
    if (!t_[i].word() || !one_of(t_[i].text, kWords) || (i > head && t_.is(i - 1, "."))) continue;
    if (language_ == SourceLanguage::kJava) {
      if (t_.is(i, "record") && !(t_.word(i + 1) && (t_.is(i + 2, "(") || t_.is(i + 2, "<")))) continue;
      return t_.word(i + 1) ? std::string(t_[i + 1].text) : std::string();
    }
    // "struct stat read_it(int fd) {" is a function; "class CAPABILITY("mutex") Mutex {" is none.
    if (list != kNone && (t_.is(open - 1, ")") || one_of(t_[open - 1].text, kQualifiers))) return std::nullopt;
    std::string name;
    for (std::size_t k = i + 1; k < open && !t_.is(k, ":"); ++k) {
      if (t_.is(k, "(") || t_.is(k, "[")) k = t_.behind(k) - 1;
      else if (t_.is(k, "<")) k = behind_angles(k) - 1;
      else if (t_[k].word() && !t_.is(k, "final") && !t_.is(k, "alignas") && !t_.is(k, "class")) name = t_[k].text;
    }
    return name;
  }
  return std::nullopt;
}

/// "x = {…}", "Foo() : a_{1} {…}", "int table[] {…}": braces that are no body.
bool Finder::is_initialiser(std::size_t head, std::size_t open, std::size_t list) const {
  for (std::size_t i = head; i < std::min(list, open); ++i) {
    if (t_.is(i, "(") || t_.is(i, "[")) i = t_.behind(i) - 1;
    else if (t_.is(i, "=") && (i == head || !t_.is(i - 1, "operator"))) return true;
  }
  if (list == kNone) return language_ == SourceLanguage::kCpp && open > head;
  if (language_ != SourceLanguage::kCpp) return false;
  bool initialisers = false;
  for (std::size_t i = t_.behind(list); i < open; ++i) {
    if (t_.is(i, "(") || t_.is(i, "[") || t_.is(i, "{")) i = t_.behind(i) - 1;
    else initialisers = initialisers || t_.is(i, ":");
  }
  return initialisers && (t_[open - 1].word() || t_.is(open - 1, ">"));
}

/// "new Runnable() {": its type.
std::optional<std::string> Finder::anonymous_class(std::size_t open) const {
  if (language_ != SourceLanguage::kJava || open == 0 || !t_.is(open - 1, ")") || t_.match[open - 1] == SourceTokens::kNone) return std::nullopt;
  std::size_t i = t_.match[open - 1];
  while (i > 0 && (t_[i - 1].word() || t_.is(i - 1, ".") || t_.is(i - 1, "<") || t_.is(i - 1, ">") || t_.is(i - 1, ",")) && !t_.is(i - 1, "new")) --i;
  if (i == 0 || !t_.is(i - 1, "new")) return std::nullopt;
  return std::string(t_[i].text);
}

std::size_t Finder::behind_angles(std::size_t open) const {
  int depth = 0;
  for (std::size_t i = open; i < t_.size() && i < open + 400; ++i) {
    if (t_.is(i, "<")) ++depth;
    else if (t_.is(i, ">") && --depth == 0) return i + 1;
    else if (t_.is(i, ";") || t_.is(i, "{")) break;
  }
  return open + 1;
}

/// The '(' of the parameters in a declaration's head; kNone: there is none.
std::size_t Finder::parameters(std::size_t head, std::size_t open) const {
  static constexpr auto kNoNames = std::to_array<std::string_view>(
      {"alignas", "__attribute__", "__declspec", "decltype", "noexcept", "requires", "explicit", "throw", "if", "while", "for", "switch"});
  for (std::size_t i = head; i < open; ++i) {
    if (t_.is(i, "template") && t_.is(i + 1, "<")) {
      i = behind_angles(i + 1) - 1;
    } else if (t_.is(i, "operator")) {  // operator()(…), operator==(…)
      if (t_.is(i + 1, "(") && t_.is(i + 2, ")")) return t_.is(i + 3, "(") ? i + 3 : kNone;
      while (i < open && !t_.is(i, "(")) ++i;
      return i < open ? i : kNone;
    } else if (t_.is(i, "@") && t_.word(i + 1)) {  // an annotation
      ++i;
      while (t_.is(i + 1, ".") && t_.word(i + 2)) i += 2;
      if (t_.is(i + 1, "(")) i = t_.behind(i + 1) - 1;
    } else if (t_.is(i, "(")) {
      if (i > head && (t_[i - 1].word() || t_.is(i - 1, ">")) && !one_of(t_[i - 1].text, kNoNames)) return i;
      i = t_.behind(i) - 1;
    } else if (t_.is(i, "[")) {
      i = t_.behind(i) - 1;
    } else if (t_.is(i, "=")) {
      return kNone;
    }
  }
  return kNone;
}

/// The name before a parameter list; a qualified one ("HashSet<K>::values") tells the type too.
std::string Finder::name_before(std::size_t list, std::string& type) const {
  std::size_t i = list;
  std::string name;
  while (i > 0 && !t_[i - 1].word()) name.insert(0, t_[--i].text);  // of an operator
  if (i == 0) return name;
  --i;
  name.insert(0, t_[i].text);
  if (i > 0 && t_.is(i - 1, "~")) {
    name.insert(0, "~");
    --i;
  }
  if (i < 2 || !t_.is(i - 1, "::")) return name;
  i -= 2;
  if (t_.is(i, ">")) {
    for (int depth = 0; i > 0; --i) {
      if (t_.is(i, ">")) ++depth;
      if (t_.is(i, "<") && --depth == 0) break;
    }
    if (i > 0) --i;
  }
  if (t_.word(i)) type = t_[i].text;
  return name;
}

/// Closures and classes within a body.
void Finder::body(std::size_t begin, std::size_t end, const std::string& type, int depth) {
  if (depth > kMaximumDepth) return;
  for (std::size_t i = begin; i < end; ++i) {
    if (language_ == SourceLanguage::kCpp && t_.is(i, "[")) {
      const std::size_t open = lambda_body(i);
      if (open == kNone) continue;
      add_closure(i, open, closing(open), type, depth);
      i = closing(open);
    } else if (language_ == SourceLanguage::kJava && t_.is(i, "->")) {
      if (is_case_arrow(i)) continue;
      const std::size_t close = t_.is(i + 1, "{") ? closing(i + 1) : expression_end(i + 1, end);
      add_closure(i, t_.is(i + 1, "{") ? i + 1 : i, close, type, depth);
      i = close - (t_.is(i + 1, "{") ? 0 : 1);
    } else if (t_.is(i, "{")) {
      const bool local = i > 1 && (t_.is(i - 2, "struct") || t_.is(i - 2, "class")) && t_.word(i - 1);
      const auto name = local ? std::optional<std::string>(t_[i - 1].text) : anonymous_class(i);
      if (!name) continue;
      scope(i + 1, closing(i), *name, depth + 1);
      i = closing(i);
    }
  }
}

void Finder::add_closure(std::size_t head, std::size_t open, std::size_t close, const std::string& type, int depth) {
  SourceFunction closure;
  closure.head = head;
  closure.open = open;
  closure.close = close;
  closure.type = type;
  closure.closure = true;
  found_.push_back(closure);
  body(open + 1, close, type, depth + 1);
}

/// The '{' of the lambda whose capture begins at `bracket`; kNone: that is an index or an attribute.
std::size_t Finder::lambda_body(std::size_t bracket) const {
  static constexpr auto kBefore = std::to_array<std::string_view>({"return", "co_return", "co_await", "co_yield", "case"});
  if (bracket > 0) {
    const SourceToken& before = t_[bracket - 1];
    if ((before.word() && !one_of(before.text, kBefore)) || before.is(")") || before.is("]") || before.is("[") || before.kind == SourceToken::Kind::kString) return kNone;
  }
  if (t_.is(bracket + 1, "[")) return kNone;
  std::size_t i = t_.behind(bracket);
  if (t_.is(i, "<")) i = behind_angles(i);
  if (t_.is(i, "(")) i = t_.behind(i);
  for (const std::size_t last = i + 40; i < t_.size() && i < last; ++i) {
    if (t_.is(i, "{")) return i;
    if (t_.is(i, "(")) i = t_.behind(i) - 1;
    else if (t_.is(i, ";") || t_.is(i, ",") || t_.is(i, ")") || t_.is(i, "}") || t_.is(i, "=") || t_.is(i, "]")) return kNone;
  }
  return kNone;
}

/// "case RED -> stop();" of a switch
bool Finder::is_case_arrow(std::size_t arrow) const {
  for (std::size_t i = arrow; i > 0 && arrow - i < 60; --i) {
    const SourceToken& token = t_[i - 1];
    if (token.is("case") || token.is("default")) return true;
    if (token.is(";") || token.is("{") || token.is("}")) return false;
  }
  return false;
}

std::size_t Finder::expression_end(std::size_t begin, std::size_t end) const {
  for (std::size_t i = begin; i < end; ++i) {
    if (t_.is(i, "(") || t_.is(i, "[") || t_.is(i, "{")) i = t_.behind(i) - 1;
    else if (t_.is(i, ",") || t_.is(i, ")") || t_.is(i, ";") || t_.is(i, "}")) return i;
  }
  return end;
}

}  // namespace

std::vector<SourceFunction> find_functions(const SourceTokens& tokens, SourceLanguage language) { return Finder(tokens, language).run(); }

const SourceFunction* owner_of(const std::vector<SourceFunction>& functions, std::size_t i) {
  const SourceFunction* owner = nullptr;  // bodies nest, so the last that begins before i and contains it is the innermost
  for (const SourceFunction& function : functions) {
    if (function.open < i && i < function.close && (owner == nullptr || function.open > owner->open)) owner = &function;
  }
  return owner;
}

const SourceFunction* function_at(const SourceTokens& tokens, const std::vector<SourceFunction>& functions, std::uint32_t line, std::string_view callee) {
  const auto first = std::lower_bound(tokens.tokens.begin(), tokens.tokens.end(), line, [](const SourceToken& t, std::uint32_t l) { return t.line < l; });
  const SourceFunction* with_code = nullptr;
  for (auto i = static_cast<std::size_t>(first - tokens.tokens.begin()); i < tokens.size() && tokens[i].line == line; ++i) {
    const SourceFunction* owner = owner_of(functions, i);
    if (owner == nullptr) continue;
    if (!callee.empty() && tokens[i].is(callee)) return owner;
    // The deepest with code on the line: a closure that only begins there has none.
    if (with_code == nullptr || owner->open > with_code->open) with_code = owner;
  }
  if (with_code != nullptr) return with_code;
  // A line without code of its own (a comment, or the rest of a statement): whoever surrounds it.
  const auto i = static_cast<std::size_t>(first - tokens.tokens.begin());
  return owner_of(functions, std::min(i, tokens.size()));
}

}  // namespace tailback::analyze
