#include "analyze/classify/python_source.h"

#include <algorithm>
#include <array>

namespace tailback::analyze {
namespace {

/// A bound on hostile text: what one line can hold.
constexpr std::size_t kMostHolds = 32;

/// Functions of C code that wait for time, for the network, for a file or for another process.
constexpr auto kBlocking = std::to_array<std::string_view>({"sleep", "recv", "recvfrom", "recv_into", "recvmsg", "accept", "connect", "sendall", "read", "readline", "readlines", "readinto",
                                                            "flock", "lockf", "waitpid", "wait4", "select", "poll", "input"});

/// Calls that neither block nor run the program's own code for long: a body of one line made of these is over at once.
bool brief_call(std::string_view name) {
  static constexpr auto kBrief = std::to_array<std::string_view>({"len", "int", "str", "float", "bool", "dict", "list", "set", "tuple", "min", "max", "sum", "append", "add",
                                                                  "discard", "items", "keys", "values", "copy", "clear", "isinstance"});
  return std::find(kBrief.begin(), kBrief.end(), name) != kBrief.end();
}

}  // namespace

PythonSource::PythonSource(std::string_view text) : t_(tokenise(text, SourceLanguage::kPython)), text_(text) {
  split();
  find_names();
  find_constructions();
}

void PythonSource::split() {
  std::size_t begin = 0, closed = 0;  // `closed`: the first token behind the bracket that is open
  for (std::size_t i = 0; i < t_.size(); ++i) {
    const bool fresh = i > begin && i >= closed && t_[i].line != t_[i - 1].line && !t_[i - 1].is("\\") && t_[i - 1].kind != SourceToken::Kind::kString;
    // A string may end on a later line than it begins on, so the next token's line says nothing of it: it goes on only where an operator follows.
    const bool behind_string = i > begin && i >= closed && t_[i - 1].kind == SourceToken::Kind::kString &&
                               text_.substr(static_cast<std::size_t>(t_[i - 1].text.end() - text_.begin()), static_cast<std::size_t>(t_[i].text.data() - t_[i - 1].text.data()) - t_[i - 1].text.size()).find('\n') != std::string_view::npos;
    if (fresh || behind_string) {
      add_statement(begin, i);
      begin = i;
    }
    if (t_.match[i] != kNone && t_.match[i] > i) closed = std::max(closed, t_.match[i] + std::size_t{1});
  }
  if (begin < t_.size()) add_statement(begin, t_.size());
}

void PythonSource::add_statement(std::size_t begin, std::size_t end) {
  Statement s;
  s.begin = begin;
  s.end = end;
  s.first_line = t_[begin].line;
  const SourceToken& last = t_[end - 1];
  s.last_line = last.line + static_cast<std::uint32_t>(std::count(last.text.begin(), last.text.end(), '\n'));
  const auto at = static_cast<std::size_t>(t_[begin].text.data() - text_.data());
  const std::size_t newline = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
  for (std::size_t i = newline == std::string_view::npos ? 0 : newline + 1; i < at; ++i) s.indent = text_[i] == '\t' ? (s.indent / 8 + 1) * 8 : s.indent + 1;
  static constexpr auto kCompound = std::to_array<std::string_view>({"with", "def", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "async", "match", "case"});
  if (std::find(kCompound.begin(), kCompound.end(), t_[begin].text) != kCompound.end()) {
    for (std::size_t i = begin; i < end && s.colon == kNone; i = t_.behind(i)) {
      if (t_.is(i, "lambda")) {  // its own colon
        while (i < end && !t_.is(i, ":")) i = t_.behind(i);
        continue;
      }
      if (t_.is(i, ":")) s.colon = i;
    }
  }
  std::size_t parent = statements_.empty() ? kNone : statements_.size() - 1;
  while (parent != kNone && statements_[parent].indent >= s.indent) parent = statements_[parent].parent;
  s.parent = parent;
  statements_.push_back(s);
}

// ---- blocks and names

std::size_t PythonSource::statement_at(std::uint32_t line) const {
  const auto after = std::upper_bound(statements_.begin(), statements_.end(), line, [](std::uint32_t l, const Statement& s) { return l < s.first_line; });
  if (after == statements_.begin()) return kNone;
  const auto index = static_cast<std::size_t>(after - statements_.begin()) - 1;
  return line <= statements_[index].last_line ? index : std::size_t{kNone};
}

/// The function that a statement's code runs in; none: the module's or a class's own.
std::size_t PythonSource::def_of(std::size_t statement) const {
  std::size_t depth = 0;
  for (std::size_t at = statements_[statement].parent; at != kNone && depth < kDeepest; at = statements_[at].parent, ++depth) {
    if (is_def(statements_[at])) return at;
    if (compound(statements_[at], "class")) return kNone;
  }
  return kNone;
}

std::size_t PythonSource::class_of(std::size_t def) const {
  const std::size_t parent = statements_[def].parent;
  return parent != kNone && compound(statements_[parent], "class") ? parent : std::size_t{kNone};
}

/// "f" of "async def f(self):", "C" of "class C:"
std::string_view PythonSource::name_of(std::size_t statement) const {
  const std::size_t word = statements_[statement].begin + (t_.is(statements_[statement].begin, "async") ? 2 : 1);
  return t_.word(word) ? t_[word].text : std::string_view{};
}

/// What a method calls its object (or class): its first parameter; empty: it has none, or is static.
std::string_view PythonSource::self_of(std::size_t def) const {
  for (std::size_t i = def; i-- > 0 && t_.is(statements_[i].begin, "@") && statements_[i].indent == statements_[def].indent;) {
    if (t_.is(statements_[i].begin + 1, "staticmethod")) return {};
  }
  const std::size_t open = statements_[def].begin + (t_.is(statements_[def].begin, "async") ? 3 : 2);
  return t_.is(open, "(") && t_.word(open + 1) ? t_[open + 1].text : std::string_view{};
}

/// Whether a name is the function's own: a parameter, or given a value there and not said to be global.
bool PythonSource::binds(std::size_t def, std::string_view name) const {
  const Statement& head = statements_[def];
  bool found = false;
  for (std::size_t i = head.begin + 2; i < head.colon; ++i) found = found || t_.is(i, name);
  for (std::size_t s = def; s < statements_.size() && (s == def || statements_[s].indent > head.indent); ++s) {
    for (std::size_t i = s == def ? head.colon + 1 : statements_[s].begin; i < statements_[s].end; ++i) {
      if (!t_.is(i, name) || t_.is(i - 1, ".")) continue;
      if (t_.is(statements_[s].begin, "global")) return false;
      found = found || (t_.is(i + 1, "=") && !t_.is(i + 2, "=")) || (i == statements_[s].begin && t_.is(i + 1, ":")) ||
              (t_.is(i + 1, ",") && !compound(statements_[s], "with")) || t_.is(i - 1, "for") || t_.is(i - 1, "as") || t_.is(i - 1, "import") ||
              t_.is(i - 1, "def") || t_.is(i - 1, "nonlocal");
    }
    if (found && s > def + 2000) break;
  }
  return found;
}

bool PythonSource::within(std::size_t statement, std::size_t block) const {
  if (block == kNone) return true;
  std::size_t depth = 0;
  for (std::size_t at = statements_[statement].parent; at != kNone && depth < kDeepest; at = statements_[at].parent, ++depth) {
    if (at == block) return true;
  }
  return false;
}

// ---- operations

/// "self._lock" of the tokens; empty: they are no plain name.
std::string PythonSource::name_in(std::size_t begin, std::size_t end) const {
  std::string name;
  for (std::size_t i = begin; i < end; ++i) {
    if ((i - begin) % 2 == 0 ? !t_.word(i) : !t_.is(i, ".")) return {};
    name += t_[i].text;
  }
  return (end - begin) % 2 == 1 ? name : std::string();
}

/// The parts of a `with`'s head, in order; those that are no plain name are empty.
std::vector<PythonSource::Expression> PythonSource::with_items(const Statement& s) const {
  std::size_t begin = s.begin + 1, end = s.colon;
  if (t_.is(begin, "(") && t_.behind(begin) == end) {
    ++begin;
    --end;
  }
  std::vector<Expression> items;
  while (begin < end) {
    std::size_t comma = begin, as = kNone;
    for (; comma < end && !t_.is(comma, ","); comma = t_.behind(comma)) {
      if (t_.is(comma, "as")) as = comma;
    }
    items.push_back({name_in(begin, std::min({as, comma, end})), t_[begin].line});
    begin = comma + 1;
  }
  return items;
}

/// The lock of a statement that is `lock.method()` and nothing else; empty: it is another.
std::string PythonSource::called(const Statement& s, std::string_view method) const {
  if (s.end - s.begin < 5 || !t_.is(s.end - 1, ")") || !t_.is(s.end - 2, "(") || !t_.is(s.end - 3, method) || !t_.is(s.end - 4, ".")) return {};
  return name_in(s.begin, s.end - 4);
}

/// Whether the one-line body of a `with` is over at once: then who stands on the line asks for the lock.
bool PythonSource::body_is_brief(const Statement& s) const {
  for (std::size_t i = s.colon + 1; i < s.end; ++i) {
    if (t_.is(i, "(") && t_.word(i - 1) && !brief_call(t_[i - 1].text)) return false;
    if (t_.is(i, "yield") || t_.is(i, "await") || t_.is(i, "for")) return false;
  }
  return true;
}

/// Whether the block that a statement stands in leaves for good: return, raise, break, continue at its end.
bool PythonSource::block_leaves(std::size_t statement) const {
  std::size_t last = statement;
  for (std::size_t i = statement + 1; i < statements_.size() && statements_[i].indent >= statements_[statement].indent; ++i) {
    if (statements_[i].parent == statements_[statement].parent) last = i;
  }
  const Statement& s = statements_[last];
  return t_.is(s.begin, "return") || t_.is(s.begin, "raise") || t_.is(s.begin, "break") || t_.is(s.begin, "continue");
}

/// Whether the lock was, or may have been, given back between two statements.
bool PythonSource::released_between(std::size_t from, std::size_t to, const std::string& lock, std::size_t def) const {
  for (std::size_t i = from + 1; i < to; ++i) {
    const Statement& s = statements_[i];
    if (def_of(i) != def) continue;
    bool releases = false;
    for (std::size_t k = s.begin; k + 2 < s.end; ++k) releases = releases || (t_.is(k, "release") && t_.is(k - 1, ".") && k >= 2 && lock.ends_with(t_[k - 2].text));
    if (!releases) continue;
    const bool on_the_way = within(to, s.parent);
    const bool at_the_end = s.parent != kNone && compound(statements_[s.parent], "finally");
    if (on_the_way || at_the_end || !block_leaves(i)) return true;
  }
  return false;
}

// ---- the place

/// Looks for the call of `callee` behind token `from`, and on what it is made.
void PythonSource::find_call(const Statement& s, std::size_t from, std::string_view callee, std::size_t def, SourceEvidence& result) const {
  for (std::size_t i = from; i < s.end; ++i) {
    if (!t_.is(i, callee) || !t_.is(i + 1, "(")) continue;
    const bool on_self = i >= 2 && t_.is(i - 1, ".") && def != kNone && class_of(def) != kNone && t_.is(i - 2, self_of(def)) && !(i >= 3 && t_.is(i - 3, "."));
    const std::string object = on_self ? "this" : i >= 2 && t_.is(i - 1, ".") ? std::string(t_[i - 2].text) : std::string();
    // Two calls of that name on one line, on different objects: which is running is not told.
    if (result.callee_found && result.callee_object != object) result.callee_object = "?";
    else result.callee_object = object;
    result.callee_found = true;
  }
}

void PythonSource::at_with(std::size_t place, std::uint32_t line, std::string_view callee, std::size_t def, SourceEvidence& result) const {
  const Statement& s = statements_[place];
  const std::vector<Expression> items = with_items(s);
  if (!callee.empty()) {
    // Something runs that the head or the body called; in the body, all of the head is held.
    find_call(s, s.colon + 1, callee, def, result);
    for (std::size_t i = s.begin; i < s.colon; ++i) {
      if (t_.is(i, callee)) return;
    }
    if (!result.callee_found || !inline_body(s)) return;
    for (const Expression& item : items) {
      if (auto hold = resolve_lock(item.text, def, item.line)) result.held.push_back(std::move(*hold));
    }
    return;
  }
  const auto on_line = std::count_if(items.begin(), items.end(), [&](const Expression& item) { return item.line == line; });
  for (const Expression& item : items) {
    auto hold = resolve_lock(item.text, def, item.line);
    if (!hold) continue;
    hold->maybe = on_line > 1 || (inline_body(s) && !body_is_brief(s));
    if (item.line == line) result.taken.push_back(std::move(*hold));
    else if (item.line < line) result.held.push_back(std::move(*hold));
  }
}

/// Looks for the objects that `callee` is called on to wait: "self.changed.wait()", and a semaphore's `with`, which calls acquire().
void PythonSource::find_awaited(const Statement& s, std::string_view callee, std::size_t def, SourceEvidence& result) const {
  const auto add = [&](const std::string& name, std::uint32_t line) {
    std::optional<SourceHold> object = resolve(name, def, line);
    if (object && object->kind != LockKind::kMutex && object->kind != LockKind::kRecursiveMutex) result.awaited.push_back(std::move(*object));
  };
  for (std::size_t i = s.begin + 2; i + 1 < s.end; ++i) {
    if (!t_.is(i, callee) || !t_.is(i + 1, "(") || !t_.is(i - 1, ".")) continue;
    std::size_t begin = i - 2;
    while (begin >= s.begin + 2 && t_.is(begin - 1, ".")) begin -= 2;
    add(name_in(begin, i - 1), t_[i].line);
  }
  if (!compound(s, "with") || callee != "acquire") return;
  for (const Expression& item : with_items(s)) add(item.text, item.line);
}

/// Where no call of Python code is on its way, one of C code may be: those that wait are few.
std::string PythonSource::blocking_call(const Statement& s) const {
  std::string found;
  for (std::size_t i = s.begin; i + 1 < s.end; ++i) {
    if (!t_.is(i + 1, "(") || std::find(kBlocking.begin(), kBlocking.end(), t_[i].text) == kBlocking.end()) continue;
    if (!found.empty() && found != t_[i].text) return {};
    found = t_[i].text;
  }
  return found;
}

/// What the blocks around the place hold, and what was taken by hand on the way to it.
void PythonSource::add_held(std::size_t place, std::size_t def, SourceEvidence& result) const {
  const std::size_t begin = def == kNone ? 0 : def + 1;
  for (std::size_t i = begin; i < place; ++i) {
    const Statement& s = statements_[i];
    const bool with = compound(s, "with") && !inline_body(s);
    if (with ? !within(place, i) : !within(place, s.parent)) continue;
    if (def_of(i) != def || result.held.size() >= kMostHolds) continue;
    std::vector<Expression> taken;
    if (with) taken = with_items(s);
    else if (const std::string lock = called(s, "acquire"); !lock.empty()) taken = {{lock, s.first_line}};
    for (const Expression& item : taken) {
      auto hold = resolve_lock(item.text, def, item.line);
      if (hold && !released_between(i, place, item.text, def)) result.held.push_back(std::move(*hold));
      else if (hold) result.released.push_back(std::move(*hold));
    }
  }
}

SourceEvidence PythonSource::at(std::uint32_t line, std::string_view callee) const {
  SourceEvidence result;
  result.text = line_text(text_, line);
  const std::size_t place = statement_at(line);
  if (place == kNone) return result;
  const Statement& s = statements_[place];
  const std::size_t def = is_def(s) && inline_body(s) ? place : def_of(place);
  result.in_function = true;
  result.function = def == kNone ? "<module>" : std::string(name_of(def));
  result.function_line = def == kNone ? 1 : statements_[def].first_line;
  if (def != kNone && class_of(def) != kNone) result.type = name_of(class_of(def));
  add_held(place, def, result);
  if (callee.empty()) result.blocks_in = blocking_call(s);
  else if (callee == "wait" || callee == "wait_for" || callee == "acquire") find_awaited(s, callee, def, result);
  if (compound(s, "with")) {
    at_with(place, line, callee, def, result);
  } else if (!callee.empty()) {
    find_call(s, s.begin, callee, def, result);
  } else if (const std::string lock = called(s, "acquire"); !lock.empty()) {
    if (auto hold = resolve_lock(lock, def, s.first_line)) result.taken.push_back(std::move(*hold));
  }
  return result;
}

}  // namespace tailback::analyze
