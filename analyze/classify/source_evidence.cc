#include "analyze/classify/source_evidence.h"

#include <algorithm>

#include "analyze/classify/python_source.h"
#include "analyze/classify/source_functions.h"
#include "analyze/classify/source_lexer.h"
#include "analyze/classify/source_locks.h"
#include "analyze/classify/source_walk.h"

namespace tailback::analyze {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

/// "HashSet::size() const" → "size", "main.(*HashSet).Size" → "Size", "com.acme.Book.place" → "place", "std::lock_guard<std::mutex>::lock_guard" → "lock_guard"
std::string_view last_name(std::string_view callee) {
  int depth = 0;
  std::size_t end = callee.size();
  // The parameters, if there are any, and what follows them.
  for (std::size_t i = 0; i < callee.size(); ++i) {
    if (callee[i] == '<') ++depth;
    if (callee[i] == '>' && depth > 0) --depth;
    if (callee[i] == '(' && depth == 0 && i > 0 && is_word(callee[i - 1])) {
      end = i;
      break;
    }
  }
  std::string_view name = callee.substr(0, end);
  while (!name.empty() && (name.back() == '>' || name.back() == ']')) {  // template arguments, Go's type parameters
    const char open = name.back() == '>' ? '<' : '[';
    int nested = 0;
    std::size_t i = name.size();
    while (i-- > 0) {
      if (name[i] == name.back()) ++nested;
      if (name[i] == open && --nested == 0) break;
    }
    if (i >= name.size()) break;
    name = name.substr(0, i);
  }
  std::size_t begin = name.size();
  while (begin > 0 && is_word(name[begin - 1])) --begin;
  name = name.substr(begin);
  // Go's closures are func1, func2.3: no word of the source.
  if (name.starts_with("func") && name.size() > 4 && name.find_first_not_of("0123456789", 4) == std::string_view::npos) return {};
  return name;
}

class Evidence {
 public:
  Evidence(std::string_view text, SourceLanguage language, std::uint32_t line, std::string_view callee)
      : text_(text), language_(language), line_(line), callee_(last_name(callee)), tokens_(tokenise(text, language)), functions_(find_functions(tokens_, language)) {}

  SourceEvidence run();

 private:
  std::size_t find_place(const SourceFunction& function, SourceEvidence& result) const;
  std::string key_of(const std::string& lock, const SourceFunction& function) const;
  SourceHold describe(const WalkedHold& hold, const SourceFunction& function) const;
  void find_taken(const SourceFunction& function, const LockReader& locks, std::size_t place, SourceEvidence& result) const;
  void apply_wait(const LockReader& locks, const SourceFunction& function, std::size_t place, SourceEvidence& result) const;

  std::string_view text_;
  SourceLanguage language_;
  std::uint32_t line_;
  std::string_view callee_;
  SourceTokens tokens_;
  std::vector<SourceFunction> functions_;
};

SourceEvidence Evidence::run() {
  SourceEvidence result;
  result.text = line_text(text_, line_);
  const SourceFunction* function = function_at(tokens_, functions_, line_, callee_);
  if (function == nullptr) return result;
  result.in_function = true;
  result.function = function->name;
  result.type = function->type;
  result.function_line = tokens_[function->head].line;
  const std::size_t place = find_place(*function, result);
  const LockReader locks(tokens_, language_);
  const WalkedState state = SourceWalk(tokens_, language_, locks, functions_, *function).until(place);
  for (const WalkedHold& hold : state.held) result.held.push_back(describe(hold, *function));
  for (const WalkedHold& hold : state.released) result.released.push_back(describe(hold, *function));
  find_taken(*function, locks, place, result);
  apply_wait(locks, *function, place, result);
  return result;
}

/// The token at which the frame stands: the callee's name on the line, else the first of the function's own tokens there.
std::size_t Evidence::find_place(const SourceFunction& function, SourceEvidence& result) const {
  const auto first = std::lower_bound(tokens_.tokens.begin(), tokens_.tokens.end(), line_, [](const SourceToken& t, std::uint32_t l) { return t.line < l; });
  const auto begin = static_cast<std::size_t>(first - tokens_.tokens.begin());
  std::size_t place = SourceTokens::kNone;
  for (std::size_t i = begin; i < tokens_.size() && tokens_[i].line == line_; ++i) {
    if (owner_of(functions_, i) != &function) continue;
    if (place == SourceTokens::kNone) place = i;
    if (callee_.empty() || !tokens_[i].is(callee_)) continue;
    result.callee_found = true;
    for (std::size_t at = i; at >= 2 && (tokens_.is(at - 1, ".") || tokens_.is(at - 1, "->")) && tokens_[at - 2].word(); at -= 2) {
      result.callee_object.insert(0, std::string(tokens_[at - 2].text) + (result.callee_object.empty() ? "" : "."));
    }
    return i;
  }
  return place == SourceTokens::kNone ? std::clamp(begin, function.open + 1, std::max(function.close, function.open + 1)) : place;
}

/// Whose member the lock is, where the text tells: "set.mu" in a method on `set *HashSet` is "HashSet.mu".
std::string Evidence::key_of(const std::string& lock, const SourceFunction& function) const {
  if (function.type.empty() || lock.empty()) return {};
  if (language_ == SourceLanguage::kGo) {
    const bool member = !function.receiver.empty() && lock.starts_with(function.receiver) &&
                        (lock.size() == function.receiver.size() || lock[function.receiver.size()] == '.');
    return member ? function.type + lock.substr(function.receiver.size()) : std::string();
  }
  if (lock == "this") return function.type;
  const std::size_t word_end = std::min(lock.find_first_of(".-[("), lock.size());
  if (language_ == SourceLanguage::kJava && lock.ends_with(".class")) return lock;
  // A bare name is a member unless the function declares or takes it: "Lock lock = …", "std::mutex& m)".
  const std::string_view root = std::string_view(lock).substr(0, word_end);
  for (std::size_t i = function.head + 1; i < function.close && i + 1 < tokens_.size(); ++i) {
    if (!tokens_[i].is(root) || !(tokens_.is(i + 1, "=") || tokens_.is(i + 1, ";") || tokens_.is(i + 1, ")") || tokens_.is(i + 1, ",") || tokens_.is(i + 1, ":"))) continue;
    const SourceToken& before = tokens_[i - 1];
    if ((before.word() && !before.is("return") && !before.is("throw")) || before.is(">") || (before.is("&") && i > 1 && (tokens_[i - 2].word() || tokens_[i - 2].is(">")))) return {};
  }
  return function.type + (language_ == SourceLanguage::kCpp ? "::" : ".") + lock;
}

SourceHold Evidence::describe(const WalkedHold& hold, const SourceFunction& function) const {
  SourceHold result;
  result.lock = hold.lock;
  result.key = key_of(hold.lock, function);
  result.mode = hold.mode;
  result.line = hold.line;
  result.text = line_text(text_, hold.line);
  result.maybe = hold.maybe;
  return result;
}

/// What the line takes at or behind the place.
void Evidence::find_taken(const SourceFunction& function, const LockReader& locks, std::size_t place, SourceEvidence& result) const {
  for (std::size_t i = place; i < tokens_.size() && tokens_[i].line == line_ && i < function.close; ++i) {
    if (owner_of(functions_, i) != &function) continue;
    std::vector<std::string> names;
    LockMode mode = LockMode::kExclusive;
    bool maybe = false;
    if (const std::string monitor = locks.synchronized_on(i); !monitor.empty()) {
      names = {monitor};
    } else if (const auto operation = locks.at(i, function.open)) {
      if (operation->deferred || (operation->kind != LockOperation::Kind::kTake && operation->kind != LockOperation::Kind::kGuard)) continue;
      names = operation->locks;
      mode = operation->mode;
      maybe = operation->maybe;
    }
    for (const std::string& name : names) result.taken.push_back(describe({name, {}, mode, tokens_[i].line, 0, maybe}, function));
  }
}

/// A thread within wait() has released the lock that belongs to the condition.
void Evidence::apply_wait(const LockReader& locks, const SourceFunction& function, std::size_t place, SourceEvidence& result) const {
  const auto operation = place < tokens_.size() ? locks.at(place, function.open) : std::nullopt;
  if (!operation || operation->kind != LockOperation::Kind::kWait || operation->locks.empty()) return;
  const std::string& given = operation->locks.front();
  if (given == "*") {  // which lock a Condition belongs to is not told
    for (SourceHold& hold : result.held) hold.maybe = true;
    return;
  }
  // C++ names the guard, the others the lock.
  const WalkedState state = SourceWalk(tokens_, language_, locks, functions_, function).until(place);
  for (const WalkedHold& hold : state.held) {
    if (hold.lock != given && hold.variable != given) continue;
    std::erase_if(result.held, [&](const SourceHold& h) { return h.lock == hold.lock && h.line == hold.line; });
    result.released.push_back(describe(hold, function));
  }
}

}  // namespace

SourceLanguage source_language(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  if (extension == "go") return SourceLanguage::kGo;
  if (extension == "java") return SourceLanguage::kJava;
  if (extension == "py") return SourceLanguage::kPython;
  for (const std::string_view known : {"cc", "cpp", "cxx", "c", "h", "hh", "hpp", "hxx", "ic", "inl", "ipp", "tcc", "C"}) {
    if (extension == known) return SourceLanguage::kCpp;
  }
  return SourceLanguage::kUnknown;
}

SourceEvidence held_at(std::string_view text, SourceLanguage language, std::uint32_t line, std::string_view callee) {
  if (language == SourceLanguage::kUnknown || line == 0) return {};
  if (language == SourceLanguage::kPython) return PythonSource(text).at(line, callee);
  return Evidence(text, language, line, callee).run();
}

}  // namespace tailback::analyze
