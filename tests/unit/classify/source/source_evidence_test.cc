#include "analyze/classify/source_evidence.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tailback::analyze {
namespace {

/// The line that carries the mark `//@` (in its comment).
std::uint32_t marked_line(std::string_view source) {
  const std::size_t at = source.find("//@");
  EXPECT_NE(at, std::string_view::npos) << "no mark";
  return static_cast<std::uint32_t>(std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(std::min(at, source.size())), '\n') + 1);
}

/// "set.mu r 4, b? w 5": lock, `?` where maybe, mode, and the line relative to the snippet.
std::string words(const std::vector<SourceHold>& holds) {
  std::ostringstream out;
  for (const SourceHold& hold : holds) {
    if (out.tellp() > 0) out << ", ";
    out << hold.lock << (hold.maybe ? "?" : "") << (hold.mode == LockMode::kShared ? " r" : " w") << ' ' << hold.line;
  }
  return out.str();
}

SourceEvidence at(SourceLanguage language, std::string_view source, std::string_view callee = {}) {
  return held_at(source, language, marked_line(source), callee);
}
std::string go(std::string_view source, std::string_view callee = {}) { return words(at(SourceLanguage::kGo, source, callee).held); }
std::string cpp(std::string_view source, std::string_view callee = {}) { return words(at(SourceLanguage::kCpp, source, callee).held); }
std::string java(std::string_view source, std::string_view callee = {}) { return words(at(SourceLanguage::kJava, source, callee).held); }

// ---- Go

constexpr std::string_view kHashSet = R"(package main
func (set *HashSet) Values() []string {
	set.mu.RLock()
	defer set.mu.RUnlock()
	values := make([]string, 0, set.Size()) //@
	return values
})";

TEST(GoSource, ADeferredUnlockHoldsToTheEnd) { EXPECT_EQ(go(kHashSet, "main.(*HashSet).Size"), "set.mu r 3"); }

TEST(GoSource, TellsFunctionTypeAndBothLines) {
  const SourceEvidence evidence = at(SourceLanguage::kGo, kHashSet, "main.(*HashSet).Size");
  EXPECT_TRUE(evidence.in_function);
  EXPECT_EQ(evidence.function, "Values");
  EXPECT_EQ(evidence.type, "HashSet");
  EXPECT_EQ(evidence.function_line, 2u);
  EXPECT_TRUE(evidence.callee_found);
  EXPECT_EQ(evidence.text, "values := make([]string, 0, set.Size()) //@");
  ASSERT_EQ(evidence.held.size(), 1u);
  EXPECT_EQ(evidence.held[0].key, "HashSet.mu");
  EXPECT_EQ(evidence.held[0].text, "set.mu.RLock()");
}

TEST(GoSource, WhatTheLineItselfTakesIsNotHeldYet) {
  const SourceEvidence evidence = at(SourceLanguage::kGo, "func (s *S) f() {\n\ts.mu.Lock() //@\n\tdefer s.mu.Unlock()\n}", "sync.(*Mutex).Lock");
  EXPECT_EQ(words(evidence.held), "");
  EXPECT_EQ(words(evidence.taken), "s.mu w 2");
  EXPECT_EQ(evidence.taken.at(0).key, "S.mu");
}

TEST(GoSource, AnEarlyUnlockReleasesAndSaysSo) {
  const SourceEvidence evidence = at(SourceLanguage::kGo, "func (s *S) f() {\n\ts.mu.Lock()\n\tn := s.n\n\ts.mu.Unlock()\n\tg(n) //@\n}");
  EXPECT_EQ(words(evidence.held), "");
  EXPECT_EQ(words(evidence.released), "s.mu w 2");
}

TEST(GoSource, AnUnlockBeforeAReturnInABranchDoesNotCount) {
  EXPECT_EQ(go("func (s *S) f() {\n\ts.mu.Lock()\n\tif s.closed {\n\t\ts.mu.Unlock()\n\t\treturn\n\t}\n\tg() //@\n\ts.mu.Unlock()\n}"), "s.mu w 2");
}

TEST(GoSource, AnUnlockInABranchThatGoesOnMakesItMaybe) {
  EXPECT_EQ(go("func (s *S) f() {\n\ts.mu.Lock()\n\tif x {\n\t\ts.mu.Unlock()\n\t}\n\tg() //@\n}"), "s.mu? w 2");
}

TEST(GoSource, ALockInABranchIsMaybeBehindItAndHeldWithinIt) {
  EXPECT_EQ(go("func f() {\n\tif x {\n\t\tmu.Lock()\n\t}\n\tg() //@\n}"), "mu? w 3");
  EXPECT_EQ(go("func f() {\n\tif x {\n\t\tmu.Lock()\n\t\tg() //@\n\t}\n}"), "mu w 3");
}

TEST(GoSource, BothBranchesOfAnIfMakeOne) {
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tif x {\n\t\tmu.Unlock()\n\t} else {\n\t\tmu.Unlock()\n\t}\n\tg() //@\n}"), "");
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tif x {\n\t\tmu.Unlock()\n\t} else if y {\n\t\tmu.Unlock()\n\t}\n\tg() //@\n}"), "mu? w 2");
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tif x {\n\t\tmu.Unlock()\n\t\treturn\n\t} else {\n\t\tg() //@\n\t}\n}"), "mu w 2");
}

TEST(GoSource, AClosureRunsAtAnotherTime) {
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tgo func() {\n\t\tg() //@\n\t}()\n}"), "");
  EXPECT_EQ(go("func f() {\n\tgo func() {\n\t\tmu.Lock()\n\t\tdefer mu.Unlock()\n\t\tg()\n\t}()\n\th() //@\n}"), "");
  EXPECT_EQ(go("func f() {\n\tgo func() {\n\t\tmu.Lock()\n\t\tg() //@\n\t}()\n}"), "mu w 3");
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tdefer func() {\n\t\tmu.Unlock()\n\t}()\n\tg() //@\n}"), "mu w 2");
}

TEST(GoSource, ADeferInALoopHolds) { EXPECT_EQ(go("func f() {\n\tfor _, m := range all {\n\t\tm.mu.Lock()\n\t\tdefer m.mu.Unlock()\n\t\tg() //@\n\t}\n}"), "m.mu w 3"); }

TEST(GoSource, ALoopThatUnlocksWhatItLocksHoldsNothingBehindIt) {
  EXPECT_EQ(go("func f() {\n\tfor i := 0; i < 3; i++ {\n\t\tmu.Lock()\n\t\tmu.Unlock()\n\t}\n\tg() //@\n}"), "");
  EXPECT_EQ(go("func f() {\n\tfor {\n\t\tmu.Lock()\n\t\tif x {\n\t\t\tbreak\n\t\t}\n\t\tmu.Unlock()\n\t}\n\tg() //@\n}"), "mu? w 3");
}

TEST(GoSource, SelectAndSwitchCasesAreWaysOfTheirOwn) {
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tswitch x {\n\tcase 1:\n\t\tmu.Unlock()\n\tcase 2:\n\t\tg() //@\n\t}\n}"), "mu w 2");
  EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tselect {\n\tcase <-c:\n\t\tmu.Unlock()\n\t\treturn\n\tcase <-d:\n\t}\n\tg() //@\n}"), "mu w 2");
}

TEST(GoSource, ATryLockIsMaybe) { EXPECT_EQ(go("func f() {\n\tif !mu.TryLock() {\n\t\treturn\n\t}\n\tg() //@\n}"), "mu? w 2"); }

TEST(GoSource, CommentsStringsAndRawStringsAreNoCode) {
  EXPECT_EQ(go("func f() {\n\t// mu.Lock()\n\t/* mu.Lock()\n\tmu.Lock() */\n\ts := \"mu.Lock() {\"\n\tr := `\nmu.Lock() }`\n\tc := '{'\n\tg(s, r, c) //@\n}"), "");
}

TEST(GoSource, UnlocksOneOfTwoByName) {
  EXPECT_EQ(go("func f(a, b *A) {\n\ta.mu.Lock()\n\tb.mu.Lock()\n\ta.mu.Unlock()\n\tg() //@\n}"), "b.mu w 3");
}

TEST(GoSource, ReadAndWriteUnlockAreToldApart) {
  EXPECT_EQ(go("func f() {\n\tmu.RLock()\n\tother.mu.Lock()\n\tother.mu.Unlock()\n\tg() //@\n}"), "mu r 2");
}

TEST(GoSource, KeepsIndexesAndCallsInTheName) {
  EXPECT_EQ(go("func (c *C) f(k string) {\n\tc.shards[hash(k)%len(c.shards)].mu.Lock()\n\tg() //@\n}"), "c.shards[hash(k)%len(c.shards)].mu w 2");
}

TEST(GoSource, FollowsAnAddressTakenBefore) { EXPECT_EQ(go("func (c *C) f() {\n\tmu := &c.mu\n\tmu.Lock()\n\tg() //@\n}"), "c.mu w 3"); }

TEST(GoSource, ACondWaitHasReleasedItsLock) {
  EXPECT_EQ(go("func (q *Q) f() {\n\tq.c.L.Lock()\n\tfor q.n == 0 {\n\t\tq.c.Wait() //@\n\t}\n}", "sync.(*Cond).Wait"), "");
  EXPECT_EQ(go("func (q *Q) f() {\n\tq.c.L.Lock()\n\tfor q.n == 0 {\n\t\tq.wg.Wait() //@\n\t}\n}", "sync.(*WaitGroup).Wait"), "q.c.L w 2");
}

TEST(GoSource, GenericReceiversAndResultsWithBraces) {
  const SourceEvidence evidence = at(SourceLanguage::kGo, "func (s *Set[K]) All() map[K]struct{} {\n\ts.mu.RLock()\n\tg() //@\n}");
  EXPECT_EQ(evidence.type, "Set");
  EXPECT_EQ(evidence.function, "All");
  EXPECT_EQ(words(evidence.held), "s.mu r 2");
  EXPECT_EQ(evidence.held.at(0).key, "Set.mu");
}

TEST(GoSource, ACompositeLiteralIsNoBlock) { EXPECT_EQ(go("func f() {\n\tmu.Lock()\n\tx := T{a: 1, b: []int{2}}\n\tg(x) //@\n}"), "mu w 2"); }

// ---- C++

TEST(CppSource, AGuardHoldsToTheEndOfItsScope) {
  EXPECT_EQ(cpp("void f() {\n  std::lock_guard<std::mutex> l(m_);\n  g(); //@\n}"), "m_ w 2");
  EXPECT_EQ(cpp("void f() {\n  {\n    std::lock_guard<std::mutex> l(m_);\n  }\n  g(); //@\n}"), "");
  EXPECT_EQ(cpp("void f() {\n  if (x) {\n    std::lock_guard l{m_};\n  }\n  g(); //@\n}"), "");
}

TEST(CppSource, SharedLocksAreShared) { EXPECT_EQ(cpp("void f() {\n  std::shared_lock<std::shared_mutex> l(m_);\n  g(); //@\n}"), "m_ r 2"); }

TEST(CppSource, OneLineHoldsWhatStandsBeforeTheCall) {
  constexpr std::string_view kLine = "class HashSet { size_t size() const { std::shared_lock<std::shared_mutex> l(m); return s.size(); }\n"
                                     "std::vector<int> values() { std::shared_lock<std::shared_mutex> l(m); v.reserve(size()); return v; } //@\n};";
  const SourceEvidence evidence = at(SourceLanguage::kCpp, kLine, "HashSet::size() const");
  EXPECT_EQ(words(evidence.held), "m r 2");
  EXPECT_EQ(evidence.function, "values");
  EXPECT_EQ(evidence.held.at(0).key, "HashSet::m");
  EXPECT_EQ(words(at(SourceLanguage::kCpp, kLine, "std::shared_lock<std::shared_mutex>::shared_lock").taken), "m r 2");
  EXPECT_EQ(words(at(SourceLanguage::kCpp, kLine, "std::shared_lock<std::shared_mutex>::shared_lock").held), "");
}

TEST(CppSource, ScopedLockTakesAll) { EXPECT_EQ(cpp("void f() {\n  std::scoped_lock both(a, b.m);\n  g(); //@\n}"), "a w 2, b.m w 2"); }

TEST(CppSource, UniqueLockIsUnlockedAndLockedAgain) {
  EXPECT_EQ(cpp("void f() {\n  std::unique_lock<std::mutex> l(m);\n  l.unlock();\n  g(); //@\n}"), "");
  EXPECT_EQ(cpp("void f() {\n  std::unique_lock<std::mutex> l(m);\n  l.unlock();\n  l.lock();\n  g(); //@\n}"), "m w 4");
  EXPECT_EQ(cpp("void f() {\n  std::unique_lock<std::mutex> l(m, std::defer_lock);\n  g(); //@\n}"), "");
  EXPECT_EQ(cpp("void f() {\n  std::unique_lock<std::mutex> l(m, std::try_to_lock);\n  g(); //@\n}"), "m? w 2");
  EXPECT_EQ(cpp("void f() {\n  auto l = std::unique_lock(m);\n  g(); //@\n}"), "m w 2");
}

TEST(CppSource, AdoptedLocksEndWithTheirGuard) {
  EXPECT_EQ(cpp("void f() {\n  {\n    std::lock(a, b);\n    std::lock_guard<std::mutex> la(a, std::adopt_lock);\n  }\n  g(); //@\n}"), "b w 3");
}

TEST(CppSource, ATemporaryGuardHoldsNothing) { EXPECT_EQ(cpp("void f() {\n  std::lock_guard<std::mutex>(m);\n  g(); //@\n}"), ""); }

TEST(CppSource, BareLockAndUnlock) {
  EXPECT_EQ(cpp("void S::f() {\n  m_.lock();\n  g(); //@\n  m_.unlock();\n}"), "m_ w 2");
  EXPECT_EQ(cpp("void S::f() {\n  p->m.lock_shared();\n  g(); //@\n}"), "p->m r 2");
  EXPECT_EQ(cpp("void S::f() {\n  m_.lock();\n  m_.unlock();\n  g(); //@\n}"), "");
  EXPECT_EQ(cpp("void S::f() {\n  m_.lock();\n  if (x) { m_.unlock(); return; }\n  g(); //@\n}"), "m_ w 2");
  EXPECT_EQ(cpp("void S::f() {\n  m_.lock();\n  if (x) m_.unlock();\n  g(); //@\n}"), "m_? w 2");
  EXPECT_EQ(cpp("void S::f() {\n  m_.lock();\n  if (x) return;\n  else g();\n  g(); //@\n}"), "m_ w 2");
}

TEST(CppSource, AWeakPointersLockIsNone) {
  EXPECT_EQ(cpp("void f() {\n  auto p = weak.lock();\n  if (auto q = weak.lock()) g(q); //@\n}"), "");
  EXPECT_EQ(cpp("void f() {\n  weak.lock()->run();\n  g(); //@\n}"), "");
}

TEST(CppSource, PthreadFunctions) {
  EXPECT_EQ(cpp("void f() {\n  pthread_mutex_lock(&s->m);\n  pthread_rwlock_rdlock(&rw);\n  pthread_mutex_unlock(&s->m);\n  g(); //@\n}"), "rw r 3");
  EXPECT_EQ(cpp("static int f(void) {\n  pthread_rwlock_rdlock(&rw);\n  pthread_rwlock_unlock(&rw);\n  g(); //@\n}"), "");
}

TEST(CppSource, AConditionsWaitHasReleasedItsLock) {
  EXPECT_EQ(cpp("void f() {\n  std::unique_lock<std::mutex> l(m);\n  cv.wait(l); //@\n}", "std::condition_variable::wait"), "");
  EXPECT_EQ(cpp("void f() {\n  pthread_mutex_lock(&m);\n  pthread_cond_wait(&c, &m); //@\n}", "pthread_cond_wait"), "");
}

TEST(CppSource, ALambdaRunsAtAnotherTime) {
  EXPECT_EQ(cpp("void f() {\n  std::lock_guard<std::mutex> l(m);\n  pool.post([&] {\n    g(); //@\n  });\n}"), "");
  EXPECT_EQ(cpp("void f() {\n  pool.post([this](int i) mutable -> int {\n    std::lock_guard<std::mutex> l(m);\n    return g(i);\n  });\n  h(); //@\n}"), "");
  EXPECT_EQ(cpp("void f() {\n  pool.post([&, x = 1] {\n    std::lock_guard<std::mutex> l(m);\n    g(); //@\n  });\n}"), "m w 3");
  EXPECT_EQ(cpp("void f() {\n  std::lock_guard<std::mutex> l(m);\n  int y = table[i];\n  g(y); //@\n}"), "m w 2");
}

TEST(CppSource, RawStringsCommentsAndDirectivesAreNoCode) {
  EXPECT_EQ(cpp("#define LOCK m.lock(); \\\n  m.lock();\nvoid f() {\n  auto s = R\"x(m.lock(); } )\" )x\";\n  // m.lock();\n  char c = '\"'; int n = 1'000;\n  g(s, c, n); //@\n}"), "");
}

TEST(CppSource, NamesOfClassesNamespacesAndConstructors) {
  const SourceEvidence in_class = at(SourceLanguage::kCpp, "namespace a { template <class T> class Set final : public Base<T> {\n public:\n  Set() : n_{1}, m_() {\n    m_.lock();\n    g(); //@\n  }\n}; }");
  EXPECT_EQ(in_class.function, "Set");
  EXPECT_EQ(in_class.type, "Set");
  EXPECT_EQ(words(in_class.held), "m_ w 4");
  const SourceEvidence outside = at(SourceLanguage::kCpp, "int table[] = {1, 2};\ntemplate <class T>\nauto a::Set<T>::all() const -> std::vector<T> {\n  this->m_.lock();\n  g(); //@\n}");
  EXPECT_EQ(outside.function, "all");
  EXPECT_EQ(outside.type, "Set");
  EXPECT_EQ(words(outside.held), "m_ w 4");
  EXPECT_EQ(outside.held.at(0).key, "Set::m_");
  EXPECT_EQ(at(SourceLanguage::kCpp, "struct S { bool operator()(int a) const {\n g(); //@\n } };").function, "operator()");
}

TEST(CppSource, AParameterIsNoMember) {
  EXPECT_EQ(at(SourceLanguage::kCpp, "void S::f(std::mutex& m) {\n  std::lock_guard<std::mutex> l(m);\n  g(); //@\n}").held.at(0).key, "");
}

// ---- Java

TEST(JavaSource, SynchronizedBlocksAndMethods) {
  EXPECT_EQ(java("class A { void f() {\n  synchronized (lock) {\n    g(); //@\n  }\n} }"), "lock w 2");
  EXPECT_EQ(java("class A { void f() {\n  synchronized (lock) {\n    h();\n  }\n  g(); //@\n} }"), "");
  const SourceEvidence method = at(SourceLanguage::kJava, "class A {\n  @Deprecated public synchronized void f() throws E {\n    g(); //@\n  } }");
  EXPECT_EQ(words(method.held), "this w 2");
  EXPECT_EQ(method.held.at(0).key, "A");
  EXPECT_EQ(java("class A {\n  static synchronized void f() {\n    g(); //@\n  } }"), "A.class w 2");
  EXPECT_EQ(java("class A { void f() {\n  synchronized (a) { synchronized (this.b) {\n    g(); //@\n  } }\n} }"), "a w 2, b w 2");
}

TEST(JavaSource, LocksWithFinally) {
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  try {\n    g(); //@\n  } finally {\n    lock.unlock();\n  }\n} }"), "lock w 2");
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  try {\n    h();\n  } finally {\n    lock.unlock();\n  }\n  g(); //@\n} }"), "");
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  try { h(); } catch (E e) { lock.unlock(); throw e; }\n  g(); //@\n} }"), "lock w 2");
}

TEST(JavaSource, ReadAndWriteLocks) {
  EXPECT_EQ(java("class A { void f() {\n  rw.readLock().lock();\n  g(); //@\n} }"), "rw r 2");
  EXPECT_EQ(java("class A { void f() {\n  rw.readLock().lock();\n  rw.readLock().unlock();\n  rw.writeLock().lock();\n  g(); //@\n} }"), "rw w 4");
  EXPECT_EQ(java("class A {\n  private final Lock r = rw.readLock();\n  void f() {\n    r.lock();\n    g(); //@\n  } }"), "rw r 4");
  EXPECT_EQ(java("class A { void f() {\n  long stamp = sl.readLock();\n  try { g(); //@\n } finally { sl.unlockRead(stamp); } } }"), "sl r 2");
}

TEST(JavaSource, ATryLockIsMaybe) { EXPECT_EQ(java("class A { void f() {\n  if (lock.tryLock(1, SECONDS)) {\n    g(); //@\n  } } }"), "lock? w 2"); }

TEST(JavaSource, WaitHasReleasedItsMonitor) {
  EXPECT_EQ(java("class A { void f() {\n  synchronized (bell) {\n    bell.wait(); //@\n  } } }", "java.lang.Object.wait"), "");
  EXPECT_EQ(java("class A {\n  synchronized void f() {\n    wait(); //@\n  } }", "java.lang.Object.wait"), "");
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  filled.await(); //@\n } }", "await"), "lock? w 2");
}

TEST(JavaSource, LambdasAndAnonymousClassesRunAtAnotherTime) {
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  run(() -> {\n    g(); //@\n  });\n} }"), "");
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  run(() ->\n    g()); //@\n} }", "g"), "");
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  new Thread(new Runnable() {\n    public void run() {\n      g(); //@\n    }\n  }).start();\n} }"), "");
  EXPECT_EQ(java("class A { void f() {\n  run(() -> { lock.lock(); h(); });\n  g(); //@\n} }"), "");
  EXPECT_EQ(java("class A { void f() {\n  lock.lock();\n  switch (x) { case 1 -> h(); default -> {\n    g(); //@\n  } }\n} }"), "lock w 2");
}

TEST(JavaSource, TextBlocksAreNoCode) { EXPECT_EQ(java("class A { void f() {\n  String s = \"\"\"\n   lock.lock(); \" }\n  \"\"\";\n  g(s); //@\n} }"), ""); }

// ---- all

TEST(SourceEvidence, ALineOutsideAnyFunctionHasNone) {
  EXPECT_FALSE(held_at("package main\n\nvar x = 1\n", SourceLanguage::kGo, 3).in_function);
  EXPECT_FALSE(held_at("", SourceLanguage::kCpp, 1).in_function);
  EXPECT_FALSE(held_at("func f() {\n}\n", SourceLanguage::kGo, 4'000'000).in_function);
}

TEST(SourceEvidence, SaysWhenTheLineDoesNotCallTheCallee) {
  EXPECT_FALSE(held_at("func f() {\n\tg()\n}", SourceLanguage::kGo, 2, "main.other").callee_found);
  EXPECT_TRUE(held_at("func f() {\n\tg()\n}", SourceLanguage::kGo, 2, "main.g").callee_found);
}

TEST(SourceEvidence, TellsOnWhatTheCalleeIsCalled) {
  EXPECT_EQ(held_at("func (s *site) visit(o *site) {\n\to.note()\n}", SourceLanguage::kGo, 2, "main.(*site).note").callee_object, "o");
  EXPECT_EQ(held_at("void A::f() {\n  b->c.g();\n}", SourceLanguage::kCpp, 2, "C::g").callee_object, "b.c");
  EXPECT_EQ(held_at("func f() {\n\tg()\n}", SourceLanguage::kGo, 2, "main.g").callee_object, "");
}

TEST(SourceEvidence, TextThatIsCutOffIsReadAsFarAsItGoes) {
  EXPECT_EQ(words(held_at("func f() {\n\tmu.Lock()\n\tg(", SourceLanguage::kGo, 3).held), "mu w 2");
  EXPECT_EQ(words(held_at("void f() {\n  m.lock();\n  if (x) {\n  g(", SourceLanguage::kCpp, 4).held), "m w 2");
}

TEST(SourcePath, TakesTheFolderFromAJavaClass) {
  EXPECT_EQ(source_path("com.acme.Book$Shelf.place", "Book.java"), "com/acme/Book.java");
  EXPECT_EQ(source_path("Main.main", "Main.java"), "Main.java");
  EXPECT_EQ(source_path("main.main", "/src/main.go"), "/src/main.go");
}

class SourceFinderTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(testing::TempDir()) / "source_finder_test";
    std::filesystem::remove_all(root_);
    write("svc/set.go", "package svc\nfunc f() {\n\tmu.Lock()\n\tg()\n}\n");
    write("other/set.go", "package other\n");
    write("one/main.go", "package one\n");
    write("two/main.go", "package two\n");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, std::string_view text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::filesystem::path root_;
};

TEST_F(SourceFinderTest, TakesTheFileWithTheLongestCommonSuffix) {
  SourceFinder finder(root_.string(), false);
  ASSERT_NE(finder.text("/build/agent/svc/set.go"), nullptr);
  EXPECT_TRUE(finder.text("/build/agent/svc/set.go")->starts_with("package svc"));
  EXPECT_EQ(words(finder.evidence("/build/agent/svc/set.go", 4, "svc.g").held), "mu w 3");
}

TEST_F(SourceFinderTest, TwoThatFitAlikeAreNone) {
  SourceFinder finder(root_.string(), false);
  EXPECT_EQ(finder.text("/build/three/main.go"), nullptr);
  EXPECT_FALSE(finder.evidence("/build/three/main.go", 1).in_function);
}

TEST_F(SourceFinderTest, OfFilesThatShareOnlyTheirNameTheOneAtTheTopIsIt) {
  write("main.go", "package main\n");
  SourceFinder finder(root_.string(), false);
  ASSERT_NE(finder.text("/build/agent/main.go"), nullptr);
  EXPECT_TRUE(finder.text("/build/agent/main.go")->starts_with("package main"));
  EXPECT_TRUE(finder.text("/build/agent/two/main.go")->starts_with("package two"));
}

TEST_F(SourceFinderTest, OpensThePathOfTheDumpOnlyIfAllowed) {
  const std::string path = (root_ / "svc/set.go").string();
  EXPECT_EQ(SourceFinder("", false).text(path), nullptr);
  SourceFinder finder("", true);
  EXPECT_NE(finder.text(path), nullptr);
  EXPECT_EQ(finder.text("/dev/zero.go"), nullptr);
  EXPECT_EQ(finder.text("relative/set.go"), nullptr);
  EXPECT_EQ(finder.text(root_.string() + "/svc.txt"), nullptr);
}

}  // namespace
}  // namespace tailback::analyze
