// Where a Python file makes its locks, and which of them an expression names.
#include <algorithm>
#include <set>

#include "analyze/classify/python_source.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kMostGlobals = 1000;   ///< a bound on hostile text

struct Maker {
  std::string_view name;
  LockKind kind;
};

constexpr Maker kMakers[] = {{"Lock", LockKind::kMutex},          {"RLock", LockKind::kRecursiveMutex},   {"Condition", LockKind::kCondition}, {"Event", LockKind::kCondition},
                             {"Semaphore", LockKind::kSemaphore}, {"BoundedSemaphore", LockKind::kSemaphore}, {"Barrier", LockKind::kBarrier}};

}  // namespace

/// Where simple statements begin in a logical line: at its beginning, behind a head's colon, behind a semicolon.
std::vector<std::size_t> PythonSource::simple_starts(const Statement& s) const {
  std::vector<std::size_t> starts{s.colon == kNone ? s.begin : s.colon + 1};
  for (std::size_t i = starts.front(); i < s.end; i = t_.behind(i)) {
    if (t_.is(i, ";") && i + 1 < s.end) starts.push_back(i + 1);
  }
  return starts;
}

void PythonSource::find_constructions() {
  for (std::size_t i = 0; i < statements_.size(); ++i) {
    const Statement& s = statements_[i];
    if (compound(s, "class")) {
      std::vector<std::string>& bases = bases_[std::string(name_of(i))];
      for (std::size_t k = s.begin + 2; k < s.colon; ++k) {
        if (t_.word(k) && (t_.is(k + 1, ",") || t_.is(k + 1, ")"))) bases.emplace_back(t_[k].text);
      }
    }
    for (const std::size_t begin : simple_starts(s)) {
      if (begin < s.end) assignment(i, begin);
    }
  }
  // Condition(lock): wait() gives the lock back.
  std::set<std::string_view> wrapped;
  for (std::size_t i = 0; i + 1 < t_.size(); ++i) {
    if (!t_.is(i, "Condition") || !t_.is(i + 1, "(")) continue;
    for (i += 2; i < t_.size() && !t_.is(i, ")"); ++i) wrapped.insert(t_[i].text);
  }
  for (auto& [key, construction] : constructions_) construction.refuted = construction.refuted || wrapped.contains(key.second);
  if (globals_looked_up_ > kMostGlobals) constructions_.clear();
}

/// Names that a file takes from threading, and those that its functions say are the module's.
void PythonSource::find_names() {
  for (const Statement& s : statements_) {
    const bool import = t_.is(s.begin, "from") && t_.is(s.begin + 1, "threading");
    if (!import && !t_.is(s.begin, "global")) continue;
    for (std::size_t i = s.begin + 1; i < s.end; ++i) {
      if (!import) globals_.insert(t_[i].text);
      else if (!t_.is(i - 1, "as") && !t_.is(i + 1, "as")) imported_.insert(t_[i].text);
    }
  }
}

/// "_lock = threading.Lock()", "self._lock: Lock = Lock()"
void PythonSource::assignment(std::size_t statement, std::size_t begin) {
  const std::size_t end = statements_[statement].end;
  const bool attribute = begin + 2 < end && t_.word(begin) && t_.is(begin + 1, ".") && t_.word(begin + 2);
  std::size_t equals = begin + (attribute ? 3 : 1);
  if (!t_.word(begin) || equals >= end) return;
  if (t_.is(equals, ":")) {
    while (equals < end && !t_.is(equals, "=")) equals = t_.behind(equals);
  }
  if (equals >= end || !t_.is(equals, "=") || t_.is(equals + 1, "=")) return;
  const bool in_head = is_def(statements_[statement]) && begin > statements_[statement].colon;
  const std::size_t def = in_head ? statement : def_of(statement);
  std::string type, name(t_[attribute ? begin + 2 : begin].text);
  bool one_object = true;
  if (attribute) {
    if (def != kNone && class_of(def) != kNone && t_.is(begin, self_of(def))) {
      type = name_of(class_of(def));
      one_object = false;
    } else if (bases_.contains(t_[begin].text)) {
      type = t_[begin].text;
    } else {
      return;
    }
  } else if (def != kNone) {
    // A function's own variable, unless it says `global`: then the name is given another value at another time.
    if (!globals_.contains(name) || ++globals_looked_up_ > kMostGlobals || binds(def, name)) return;
  } else {
    for (std::size_t at = statements_[statement].parent, depth = 0; at != kNone && depth < kDeepest; at = statements_[at].parent, ++depth) {
      if (!compound(statements_[at], "class")) continue;
      type = name_of(at);
      break;
    }
  }
  const LockKind kind = constructed(equals + 1);
  const auto [found, added] = constructions_.try_emplace({std::move(type), std::move(name)});
  Construction& construction = found->second;
  construction.refuted = construction.refuted || kind == LockKind::kUnknown || (!added && (construction.kind != kind || construction.one_object != one_object)) ||
                         (def != kNone && one_object);
  construction.kind = kind;
  construction.one_object = one_object;
}

/// "threading.Lock()", or "Lock()" where the file imports it from threading.
LockKind PythonSource::constructed(std::size_t value) const {
  const bool module = t_.is(value, "threading") && t_.is(value + 1, ".");
  const std::size_t word = module ? value + 2 : value;
  if (!t_.is(word + 1, "(") || (!module && !imported_.contains(t_[word].text))) return LockKind::kUnknown;
  // Nothing may follow that makes it another value: `Lock() if x else None`.
  const std::size_t behind = t_.behind(word + 1);
  if (behind < t_.size() && !t_.is(behind, ";") && t_[behind].line == t_[behind - 1].line) return LockKind::kUnknown;
  for (const auto& [name, kind] : kMakers) {
    if (t_.is(word, name)) return kind;
  }
  return LockKind::kUnknown;
}

const PythonSource::Construction* PythonSource::find(std::string_view type, std::string_view name, std::string& owner) const {
  std::string at(type);
  for (std::size_t depth = 0; depth < 8; ++depth) {
    const auto found = constructions_.find(std::pair<std::string, std::string>(at, name));
    if (found != constructions_.end()) {
      owner = at;
      return &found->second;
    }
    const auto bases = bases_.find(at);
    if (at.empty() || bases == bases_.end() || bases->second.size() != 1) return nullptr;  // which of several is not told
    at = bases->second.front();
  }
  return nullptr;
}

/// What `with` and acquire() take for one thread alone.
std::optional<SourceHold> PythonSource::resolve_lock(const std::string& expression, std::size_t def, std::uint32_t line) const {
  std::optional<SourceHold> hold = resolve(expression, def, line);
  return hold && (hold->kind == LockKind::kMutex || hold->kind == LockKind::kRecursiveMutex) ? hold : std::nullopt;
}

std::optional<SourceHold> PythonSource::resolve(const std::string& expression, std::size_t def, std::uint32_t line) const {
  const std::size_t dot = expression.find('.');
  if (expression.empty() || expression.find('.', dot == std::string::npos ? dot : dot + 1) != std::string::npos) return std::nullopt;
  const std::string_view root = std::string_view(expression).substr(0, dot);
  std::string_view type, name = root;
  if (dot != std::string::npos) {
    name = std::string_view(expression).substr(dot + 1);
    if (def != kNone && class_of(def) != kNone && root == self_of(def)) type = name_of(class_of(def));
    else if (bases_.contains(root)) type = root;
    else return std::nullopt;
  } else {
    std::size_t depth = 0;
    for (std::size_t at = def; at != kNone && depth < kDeepest; at = def_of(at), ++depth) {
      if (binds(at, name)) return std::nullopt;
    }
  }
  std::string owner;
  const Construction* construction = find(type, name, owner);
  if (construction == nullptr || construction->refuted || construction->kind == LockKind::kUnknown) return std::nullopt;
  // Assigned on the object as well as on the class: which of them is asked for is not told.
  if (!type.empty() && owner.empty()) return std::nullopt;
  SourceHold hold;
  hold.lock = expression;
  hold.key = owner.empty() ? std::string(name) : owner + "." + std::string(name);
  hold.kind = construction->kind;
  hold.one_object = construction->one_object;
  hold.line = line;
  hold.text = line_text(text_, line);
  return hold;
}

}  // namespace tailback::analyze
