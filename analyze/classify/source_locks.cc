#include "analyze/classify/source_locks.h"

#include <algorithm>
#include <array>

namespace tailback::analyze {
namespace {

using Kind = LockOperation::Kind;

/// A method that takes or releases the lock that it is called on.
struct Method {
  std::string_view name;
  Kind kind;
  LockMode mode = LockMode::kExclusive;
  bool maybe = false;
};

constexpr auto kGoMethods = std::to_array<Method>({
    {"Lock", Kind::kTake},
    {"RLock", Kind::kTake, LockMode::kShared},
    {"TryLock", Kind::kTake, LockMode::kExclusive, true},
    {"TryRLock", Kind::kTake, LockMode::kShared, true},
    {"Unlock", Kind::kRelease},
    {"RUnlock", Kind::kRelease, LockMode::kShared},
});

constexpr auto kJavaMethods = std::to_array<Method>({
    {"lock", Kind::kTake},
    {"lockInterruptibly", Kind::kTake},
    {"tryLock", Kind::kTake, LockMode::kExclusive, true},
    {"unlock", Kind::kRelease},
    {"unlockRead", Kind::kRelease, LockMode::kShared},
    {"unlockWrite", Kind::kRelease},
});

constexpr auto kCppMethods = std::to_array<Method>({
    {"lock", Kind::kTake},
    {"lock_shared", Kind::kTake, LockMode::kShared},
    {"try_lock", Kind::kTake, LockMode::kExclusive, true},
    {"try_lock_for", Kind::kTake, LockMode::kExclusive, true},
    {"try_lock_shared", Kind::kTake, LockMode::kShared, true},
    {"unlock", Kind::kRelease},
    {"unlock_shared", Kind::kRelease, LockMode::kShared},
    {"Lock", Kind::kTake},
    {"ReaderLock", Kind::kTake, LockMode::kShared},
    {"WriterLock", Kind::kTake},
    {"LockShared", Kind::kTake, LockMode::kShared},
    {"Unlock", Kind::kRelease},
    {"ReaderUnlock", Kind::kRelease, LockMode::kShared},
    {"WriterUnlock", Kind::kRelease},
    {"UnlockShared", Kind::kRelease, LockMode::kShared},
});

/// C's functions, with the lock as the first argument.
constexpr auto kFunctions = std::to_array<Method>({
    {"pthread_mutex_lock", Kind::kTake},
    {"pthread_mutex_trylock", Kind::kTake, LockMode::kExclusive, true},
    {"pthread_mutex_timedlock", Kind::kTake, LockMode::kExclusive, true},
    {"pthread_mutex_unlock", Kind::kRelease},
    {"pthread_rwlock_rdlock", Kind::kTake, LockMode::kShared},
    {"pthread_rwlock_tryrdlock", Kind::kTake, LockMode::kShared, true},
    {"pthread_rwlock_wrlock", Kind::kTake},
    {"pthread_rwlock_trywrlock", Kind::kTake, LockMode::kExclusive, true},
    {"pthread_rwlock_unlock", Kind::kRelease},
    {"pthread_spin_lock", Kind::kTake},
    {"pthread_spin_unlock", Kind::kRelease},
    {"mtx_lock", Kind::kTake},
    {"mtx_unlock", Kind::kRelease},
});

template <std::size_t N>
const Method* find_method(const std::array<Method, N>& methods, std::string_view name) {
  const auto at = std::find_if(methods.begin(), methods.end(), [name](const Method& m) { return m.name == name; });
  return at == methods.end() ? nullptr : &*at;
}

/// Types of C++ guards, by how their names end: std::lock_guard, absl::ReaderMutexLock, QMutexLocker, boost::unique_lock, …
bool is_guard_type(std::string_view word) {
  static constexpr auto kEndings = std::to_array<std::string_view>(
      {"lock_guard", "unique_lock", "shared_lock", "scoped_lock", "upgrade_lock", "MutexLock", "MutexLocker", "ReadLocker", "WriteLocker", "LockGuard",
       "MutexGuard", "ReadGuard", "WriteGuard", "AutoLock", "ScopedLock", "LockHolder"});
  return std::any_of(kEndings.begin(), kEndings.end(), [word](std::string_view ending) { return word.ends_with(ending); });
}

bool is_shared_guard(std::string_view word) {
  return word.ends_with("shared_lock") || word.find("Reader") != std::string_view::npos || word.find("ReadLock") != std::string_view::npos ||
         word.find("ReadGuard") != std::string_view::npos || word.find("SharedLock") != std::string_view::npos;
}

std::string own_lock(const SourceTokens& t, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) {
    if (!text.empty() && t[i].word() && t[i - 1].word()) text.push_back(' ');
    text.append(t[i].text);
  }
  return text;
}

}  // namespace

LockReader::LockReader(const SourceTokens& tokens, SourceLanguage language) : t_(tokens), language_(language) { find_aliases(); }

std::string LockReader::expression(std::size_t begin, std::size_t end) const {
  while (begin < end && (t_.is(begin, "&") || t_.is(begin, "*"))) ++begin;
  while (begin + 1 < end && t_.is(begin, "(") && t_.behind(begin) == end) ++begin, --end;
  if (begin + 2 < end && t_.is(begin, "this") && (t_.is(begin + 1, ".") || t_.is(begin + 1, "->"))) begin += 2;
  std::string text = own_lock(t_, begin, end);
  if (text.ends_with(".get()")) text.resize(text.size() - 6);
  return text;
}

/// r = rw.readLock(); w = rw.writeLock() (Java, also as fields); mu := &s.mu (Go)
void LockReader::find_aliases() {
  for (std::size_t i = 0; i + 4 < t_.size(); ++i) {
    if (!t_[i].word()) continue;
    if (language_ == SourceLanguage::kGo && t_.is(i + 1, ":=") && t_.is(i + 2, "&") && t_.word(i + 3)) {
      std::size_t end = i + 4;
      while (t_.is(end, ".") && t_.word(end + 1)) end += 2;
      // "&sync.Mutex{}" makes one
      if (!t_.is(end, "{")) aliases_[std::string(t_[i].text)] = {expression(i + 3, end), LockMode::kExclusive};
    }
    if (language_ == SourceLanguage::kJava && t_.is(i + 1, "=") && t_.word(i + 2)) {
      std::size_t end = i + 3;
      while (t_.is(end, ".") && t_.word(end + 1) && !t_.is(end + 1, "readLock") && !t_.is(end + 1, "writeLock")) end += 2;
      const bool read = t_.is(end + 1, "readLock"), write = t_.is(end + 1, "writeLock");
      // "long stamp = sl.readLock()" takes it; see java().
      const bool stamp = i > 0 && t_.is(i - 1, "long");
      if ((read || write) && !stamp && t_.is(end, ".") && t_.is(end + 2, "(") && t_.is(end + 4, ";")) {
        aliases_[std::string(t_[i].text)] = {expression(i + 2, end), read ? LockMode::kShared : LockMode::kExclusive};
      }
    }
  }
}

/// The first token of the expression that ends before the '.' or "->" at `dot`: "s.shards[i].mu", "get(a)->m".
std::size_t LockReader::chain_begin(std::size_t dot) const {
  std::size_t i = dot;
  while (i > 0) {
    if (t_.is(i - 1, ")") || t_.is(i - 1, "]")) {
      if (t_.match[i - 1] == SourceTokens::kNone) break;
      i = t_.match[i - 1];
      if (i > 0 && t_[i - 1].word()) --i;
      else if (i > 0 && (t_.is(i - 1, "]") || t_.is(i - 1, ")"))) continue;
    } else if (t_[i - 1].word()) {
      --i;
    } else {
      break;
    }
    if (i == 0 || !(t_.is(i - 1, ".") || t_.is(i - 1, "->") || t_.is(i - 1, "::"))) break;
    --i;
  }
  return i;
}

/// Whether [begin, last] is a statement of its own: `p = weak.lock()` uses a result, and locks nothing.
bool LockReader::is_statement(std::size_t begin, std::size_t last, std::size_t body) const {
  if (!t_.is(last + 1, ";") && !t_.is(last + 1, ",")) return false;
  if (begin <= body + 1) return true;
  const SourceToken& before = t_[begin - 1];
  return before.is(";") || before.is("{") || before.is("}") || before.is(")") || before.is(":") || before.is("else") || before.is("do") || before.is(",");
}

std::optional<LockOperation> LockReader::at(std::size_t i, std::size_t begin) const {
  if (i >= t_.size() || !t_[i].word()) return std::nullopt;
  std::optional<LockOperation> operation;
  switch (language_) {
    case SourceLanguage::kGo: operation = go(i); break;
    case SourceLanguage::kJava: operation = java(i, begin); break;
    case SourceLanguage::kCpp: operation = cpp(i, begin); break;
    case SourceLanguage::kPython:
    case SourceLanguage::kUnknown: break;
  }
  // Damaged text may call a method on nothing.
  if (operation) std::erase(operation->locks, std::string());
  return operation && !operation->locks.empty() ? operation : std::nullopt;
}

std::optional<LockOperation> LockReader::go(std::size_t i) const {
  if (i < 2 || !t_.is(i - 1, ".") || !t_.is(i + 1, "(") || !t_.is(i + 2, ")")) return std::nullopt;
  const std::size_t begin = chain_begin(i - 1);
  LockOperation op;
  op.last = i + 2;
  op.deferred = begin > 0 && t_.is(begin - 1, "defer");
  std::string lock = expression(begin, i - 1);
  if (const auto alias = aliases_.find(lock); alias != aliases_.end()) lock = alias->second.lock;
  if (t_.is(i, "Wait")) {  // sync.Cond: c.Wait() has released c.L
    op.kind = Kind::kWait;
    op.locks = {lock + ".L"};
    return op;
  }
  const Method* method = find_method(kGoMethods, t_[i].text);
  if (method == nullptr || (begin > 0 && t_.is(begin - 1, "go"))) return std::nullopt;
  op.kind = method->kind;
  op.mode = method->mode;
  op.maybe = method->maybe;
  op.locks = {lock};
  return op;
}

std::string LockReader::synchronized_on(std::size_t i) const {
  if (language_ != SourceLanguage::kJava || !t_.is(i, "synchronized") || !t_.is(i + 1, "(")) return {};
  const std::size_t end = t_.behind(i + 1);
  return end > i + 2 ? expression(i + 2, end - 1) : std::string();
}

std::optional<LockOperation> LockReader::java(std::size_t i, std::size_t body) const {
  if (!t_.is(i + 1, "(")) return std::nullopt;
  LockOperation op;
  op.last = t_.behind(i + 1) - 1;
  const bool member = i > 1 && t_.is(i - 1, ".");
  if (t_.is(i, "wait") || t_.is(i, "await")) {  // Object.wait() has released its monitor; await() the lock of the condition
    op.kind = Kind::kWait;
    op.locks = {t_.is(i, "await") ? "*" : member ? expression(chain_begin(i - 1), i - 1) : "this"};
    return op;
  }
  if (!member) return std::nullopt;
  const std::size_t begin = chain_begin(i - 1);
  if (t_.is(i, "readLock") || t_.is(i, "writeLock")) {  // StampedLock's own: long stamp = sl.readLock();
    const bool stamp = begin > 2 && t_.is(begin - 1, "=") && (t_.is(begin - 3, "long") || t_[begin - 2].text.find("tamp") != std::string_view::npos);
    if (!stamp && !(is_statement(begin, op.last, body))) return std::nullopt;
    op.mode = t_.is(i, "readLock") ? LockMode::kShared : LockMode::kExclusive;
    op.locks = {expression(begin, i - 1)};
    return op;
  }
  const Method* method = find_method(kJavaMethods, t_[i].text);
  if (method == nullptr) return std::nullopt;
  op.kind = method->kind;
  op.mode = method->mode;
  op.maybe = method->maybe;
  std::size_t end = i - 1;
  // rw.readLock().lock()
  if (end > begin + 4 && t_.is(end - 1, ")") && (t_.is(end - 3, "readLock") || t_.is(end - 3, "writeLock"))) {
    if (t_.is(end - 3, "readLock")) op.mode = LockMode::kShared;
    end -= 4;
  }
  std::string lock = expression(begin, end);
  if (const auto alias = aliases_.find(lock); alias != aliases_.end()) {
    op.mode = alias->second.mode;
    lock = alias->second.lock;
  }
  op.locks = {lock};
  return op;
}

std::optional<LockOperation> LockReader::cpp(std::size_t i, std::size_t body) const {
  if (is_guard_type(t_[i].text) && !(t_.is(i - 1, ".") || t_.is(i - 1, "->"))) return guard(i);
  if (!t_.is(i + 1, "(")) return std::nullopt;
  const bool member = i > 1 && (t_.is(i - 1, ".") || t_.is(i - 1, "->"));
  if (!member) return free_function(i);
  LockOperation op;
  op.last = t_.behind(i + 1) - 1;
  const std::size_t begin = chain_begin(i - 1);
  if (t_.is(i, "wait") || t_.is(i, "wait_for") || t_.is(i, "wait_until")) {  // cv.wait(lk, …) has released lk meanwhile
    const std::vector<std::string> list = arguments(i + 1);
    if (list.empty()) return std::nullopt;
    op.kind = Kind::kWait;
    op.locks = {list.front()};
    op.last = i + 1;  // a predicate's own code is looked at, too
    return op;
  }
  const Method* method = find_method(kCppMethods, t_[i].text);
  if (method == nullptr) return std::nullopt;
  // weak_ptr::lock() is used for what it returns; a mutex's is a statement.
  if (method->kind == Kind::kTake && !method->maybe && !is_statement(begin, op.last, body)) return std::nullopt;
  op.kind = method->kind;
  op.mode = method->mode;
  op.maybe = method->maybe;
  op.locks = {expression(begin, i - 1)};
  return op;
}

std::optional<LockOperation> LockReader::free_function(std::size_t i) const {
  LockOperation op;
  op.last = t_.behind(i + 1) - 1;
  const bool qualified = i > 1 && t_.is(i - 1, "::");
  if ((t_.is(i, "lock") || t_.is(i, "try_lock")) && qualified && t_.is(i - 2, "std")) {  // std::lock(a, b)
    op.locks = arguments(i + 1);
    op.maybe = t_.is(i, "try_lock");
    return op;
  }
  if (t_.is(i, "pthread_cond_wait") || t_.is(i, "pthread_cond_timedwait")) {
    const std::vector<std::string> list = arguments(i + 1);
    if (list.size() < 2) return std::nullopt;
    op.kind = Kind::kWait;
    op.locks = {list[1]};
    return op;
  }
  const Method* method = find_method(kFunctions, t_[i].text);
  if (method == nullptr) return std::nullopt;
  const std::vector<std::string> list = arguments(i + 1);
  if (list.empty()) return std::nullopt;
  op.kind = method->kind;
  op.mode = method->mode;
  op.maybe = method->maybe;
  op.locks = {list.front()};
  return op;
}

/// std::lock_guard<std::mutex> guard(m_);   std::scoped_lock both{a, b};   auto l = std::unique_lock(m, std::defer_lock);   MutexLock l(&mu_);
std::optional<LockOperation> LockReader::guard(std::size_t i) const {
  LockOperation op;
  op.kind = Kind::kGuard;
  op.mode = is_shared_guard(t_[i].text) ? LockMode::kShared : LockMode::kExclusive;
  std::size_t at = i + 1;
  if (t_.is(at, "<")) {
    int depth = 0;
    for (; at < t_.size() && at < i + 200; ++at) {
      if (t_.is(at, "<")) ++depth;
      if (t_.is(at, ">") && --depth == 0) break;
      if (t_.is(at, ";") || t_.is(at, "{")) return std::nullopt;
    }
    ++at;
  }
  if (t_.word(at)) {
    op.variable = t_[at++].text;
  } else {
    // auto l = std::unique_lock(m): the variable stands before
    std::size_t begin = i;
    while (begin > 1 && t_.is(begin - 1, "::")) begin -= 2;
    if (begin < 2 || !t_.is(begin - 1, "=") || !t_.word(begin - 2)) return std::nullopt;  // a temporary, gone at once
    op.variable = t_[begin - 2].text;
  }
  if (!t_.is(at, "(") && !t_.is(at, "{")) return std::nullopt;
  op.last = t_.behind(at) - 1;
  for (std::string& argument : arguments(at)) {
    if (argument.ends_with("defer_lock")) op.kind = Kind::kDeferred;
    else if (argument.ends_with("adopt_lock")) op.kind = Kind::kAdopt;
    else if (argument.ends_with("try_to_lock")) op.maybe = true;
    else op.locks.push_back(std::move(argument));
  }
  // Only scoped_lock takes several; a second argument of the others is a time.
  if (!t_[i].text.ends_with("scoped_lock") && op.locks.size() > 1) {
    op.locks.resize(1);
    op.maybe = true;
  }
  if (op.locks.empty()) return std::nullopt;
  return op;
}

std::vector<std::string> LockReader::arguments(std::size_t open) const {
  std::vector<std::string> list;
  const std::size_t close = t_.behind(open) - 1;
  std::size_t begin = open + 1;
  for (std::size_t i = begin; i <= close && i < t_.size(); ++i) {
    if (i < close && (t_.is(i, "(") || t_.is(i, "[") || t_.is(i, "{"))) {
      i = t_.behind(i) - 1;
    } else if (i == close || t_.is(i, ",")) {
      if (i > begin) list.push_back(expression(begin, i));
      begin = i + 1;
    }
  }
  return list;
}

}  // namespace tailback::analyze
