#include <gtest/gtest.h>

#include "analyze/analysis.h"
#include "analyze/classify/source_evidence.h"

namespace tailback::analyze {
namespace {

/// The line that carries the mark `#@`.
std::uint32_t marked_line(std::string_view source) {
  const std::size_t at = source.find("#@");
  EXPECT_NE(at, std::string_view::npos) << "no mark";
  return static_cast<std::uint32_t>(std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(std::min(at, source.size())), '\n') + 1);
}

SourceEvidence at(const std::string& source, std::string_view callee = {}) { return held_at(source, SourceLanguage::kPython, marked_line(source), callee); }

/// "A, R.lock?"
std::string words(const std::vector<SourceHold>& holds) {
  std::string out;
  for (const SourceHold& hold : holds) out += (out.empty() ? "" : ", ") + hold.key + (hold.maybe ? "?" : "");
  return out;
}
std::string held(const std::string& source, std::string_view callee = {}) { return words(at(source, callee).held); }
std::string taken(const std::string& source) { return words(at(source).taken); }

const std::string kGlobals = "import threading\nA = threading.Lock()\nB = threading.Lock()\nR = threading.RLock()\n";

TEST(PythonSource, AWithBlockHoldsToItsEnd) {
  EXPECT_EQ(held(kGlobals + "def f():\n    with A:\n        work() #@\n"), "A");
  EXPECT_EQ(held(kGlobals + "def f():\n    with A:\n        work()\n    after() #@\n"), "");
  EXPECT_EQ(held(kGlobals + "def f():\n    with A, B:\n        for x in y:\n            work() #@\n"), "A, B");
  EXPECT_EQ(held(kGlobals + "def f():\n    with A:\n        def later():\n            work() #@\n"), "") << "runs at another time";
}

TEST(PythonSource, ALineThatTakesHoldsWhatIsAround) {
  const SourceEvidence evidence = at(kGlobals + "def ab():\n    with A:\n        with B: #@\n            pass\n");
  EXPECT_EQ(words(evidence.held), "A");
  EXPECT_EQ(words(evidence.taken), "B");
  EXPECT_EQ(evidence.function, "ab");
  ASSERT_EQ(evidence.taken.size(), 1u);
  EXPECT_EQ(evidence.taken[0].kind, LockKind::kMutex);
  EXPECT_TRUE(evidence.taken[0].one_object);
}

TEST(PythonSource, WhichOfTwoIsAskedForIsNotTold) { EXPECT_EQ(taken(kGlobals + "def f():\n    with A, B: #@\n        pass\n"), "A?, B?"); }

TEST(PythonSource, AOneLineBodyMayBeWhatRuns) {
  EXPECT_EQ(taken(kGlobals + "def f():\n    with A: n += 1 #@\n"), "A");
  EXPECT_EQ(taken(kGlobals + "def f():\n    with A: time.sleep(9) #@\n"), "A?");
  EXPECT_EQ(held(kGlobals + "def f():\n    with A: return [size()] #@\n", "size"), "A");
}

TEST(PythonSource, AcquireAndReleaseByHand) {
  EXPECT_EQ(taken(kGlobals + "def f():\n    A.acquire() #@\n"), "A");
  EXPECT_EQ(held(kGlobals + "def f():\n    A.acquire()\n    try:\n        work() #@\n    finally:\n        A.release()\n"), "A");
  EXPECT_EQ(held(kGlobals + "def f():\n    A.acquire()\n    try:\n        work()\n    finally:\n        A.release()\n    after() #@\n"), "");
  EXPECT_EQ(held(kGlobals + "def f():\n    A.acquire()\n    if x:\n        A.release()\n        return\n    work() #@\n"), "A");
  EXPECT_EQ(held(kGlobals + "def f():\n    A.acquire()\n    if x:\n        A.release()\n    work() #@\n"), "") << "depends";
  EXPECT_EQ(taken(kGlobals + "def f():\n    if A.acquire(timeout=5): #@\n        pass\n"), "") << "gives up";
}

TEST(PythonSource, OnlyWhatIsConstructedAsALockIsOne) {
  EXPECT_EQ(held("f = open('x')\ndef g():\n    with f:\n        work() #@\n"), "");
  EXPECT_EQ(held("import threading\nA = threading.Lock()\nC = threading.Condition(A)\ndef g():\n    with A:\n        C.wait() #@\n"), "") << "wait() gives it back";
  EXPECT_EQ(held("A = Lock()\ndef g():\n    with A:\n        work() #@\n"), "") << "whose Lock?";
  EXPECT_EQ(held("from threading import Lock\nA = Lock()\ndef g():\n    with A:\n        work() #@\n"), "A");
  EXPECT_EQ(held(kGlobals + "def f(A):\n    with A:\n        work() #@\n"), "") << "a parameter";
  EXPECT_EQ(held(kGlobals + "def f():\n    global A\n    A = None\ndef g():\n    with A:\n        work() #@\n"), "") << "given another value";
  EXPECT_EQ(held(kGlobals + "s = '''\ndef g():\n    with A:\n        work() #@\n'''\n"), "") << "a string";
}

const std::string kClass = "import threading\nclass R:\n    def __init__(self): self._lock = threading.Lock(); self.d = {}\n";

TEST(PythonSource, AMembersKeyIsItsClass) {
  const SourceEvidence evidence = at(kClass + "    def f(self):\n        with self._lock:\n            self.size() #@\n", "size");
  EXPECT_EQ(words(evidence.held), "R._lock");
  EXPECT_FALSE(evidence.held.at(0).one_object);
  EXPECT_EQ(evidence.callee_object, "this");
  EXPECT_EQ(held(kClass + "    def f(self, other):\n        with other._lock:\n            work() #@\n"), "") << "of which class is not told";
  EXPECT_EQ(held(kClass + "class S(R):\n    def f(self):\n        with self._lock:\n            work() #@\n"), "R._lock");
}

TEST(PythonSource, TellsWhatALineWaitsFor) {
  const std::string box = "import threading, time\nclass Box:\n    def __init__(self): self.full = threading.Condition(); self.slots = threading.Semaphore(3); self.l = threading.Lock()\n";
  EXPECT_EQ(words(at(box + "    def f(self):\n        self.full.wait() #@\n", "wait").awaited), "Box.full");
  EXPECT_EQ(words(at(box + "    def f(self):\n        while not self.x: self.full.wait() #@\n", "wait").awaited), "Box.full");
  EXPECT_EQ(words(at(box + "    def f(self):\n        with self.slots: #@\n            pass\n", "acquire").awaited), "Box.slots");
  EXPECT_EQ(words(at(box + "    def f(self):\n        with self.full:\n            work() #@\n").held), "") << "wait() may have given it back";
  EXPECT_EQ(words(at(box + "    def f(self, other):\n        other.full.wait() #@\n", "wait").awaited), "") << "of which class is not told";
}

TEST(PythonSource, TellsTheCallOfCCodeThatWaits) {
  EXPECT_EQ(at("def f(s):\n    data += s.recv(4096) #@\n").blocks_in, "recv");
  EXPECT_EQ(at("def f():\n    time.sleep(30 * 2**n) #@\n").blocks_in, "sleep");
  EXPECT_EQ(at("def f():\n    total = len(rows) #@\n").blocks_in, "");
  EXPECT_EQ(at("def f(a, b):\n    b.sendall(a.recv(10)) #@\n").blocks_in, "") << "which of the two is not told";
  EXPECT_EQ(at("def f():\n    time.sleep(1) #@\n", "sleep").blocks_in, "") << "a function of Python code";
}

/// Threads of `stacks` ("file function line", innermost first, threads split by "|"), analysed with source read from the path in the dump.
struct Incident {
  explicit Incident(const std::string& source) : path(::testing::TempDir() + "python_source_" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".py") {
    std::FILE* out = std::fopen(path.c_str(), "w");
    std::fwrite(source.data(), 1, source.size(), out);
    std::fclose(out);
    recording.info.runtime = Runtime::kPython;
    recording.dumps.emplace_back();
  }
  ~Incident() { std::remove(path.c_str()); }

  void thread(std::initializer_list<std::pair<const char*, std::uint32_t>> frames) {
    std::vector<FrameId> stack;
    for (const auto& [function, line] : frames) {
      Frame frame;
      frame.function = recording.table.intern(function);
      frame.file = recording.table.intern(path);
      frame.line = line;
      stack.push_back(recording.table.intern(frame));
    }
    ThreadRecord record;
    record.id = std::to_string(recording.dumps[0].threads.size() + 1);
    record.stack = recording.table.intern(stack);
    recording.dumps[0].threads.push_back(record);
  }

  /// "deadlock_cycle likely"
  std::string findings() {
    std::string out;
    for (const Finding& finding : analyze(recording, {}).findings) {
      out += (out.empty() ? "" : ", ") + std::string(to_string(finding.kind)) + " " + std::string(to_string(finding.confidence));
    }
    return out;
  }

  std::string path;
  Recording recording;
};

const std::string kAbba = kGlobals + "def ab():\n    with A:\n        with B:\n            pass\ndef ba():\n    with B:\n        with A:\n            pass\n";

TEST(PythonLocks, TwoThreadsInOppositeOrder) {
  Incident incident(kAbba);
  incident.thread({{"ab", 7}});
  incident.thread({{"ba", 11}});
  EXPECT_EQ(incident.findings(), "deadlock_cycle likely");
}

TEST(PythonLocks, OneOrderIsNoDeadlock) {
  Incident incident(kAbba);
  incident.thread({{"ab", 7}});
  incident.thread({{"ab", 6}});
  incident.thread({{"ba", 12}});
  EXPECT_EQ(incident.findings().find("deadlock"), std::string::npos);
}

TEST(PythonLocks, AnotherVersionOfTheSourceSaysNothing) {
  Incident incident(kAbba);
  incident.thread({{"ab", 7}});
  incident.thread({{"other", 11}});
  EXPECT_EQ(incident.findings(), "");
  EXPECT_TRUE(incident.recording.dumps[0].waits.empty());
}

std::string taken_twice(const std::string& construction) {
  return "import threading\nclass R:\n    def __init__(self): self._lock = threading." + construction +
         "()\n    def size(self):\n        with self._lock: return 1\n    def f(self):\n        with self._lock:\n            self.size()\n    def g(self, o):\n"
         "        with self._lock:\n            o.size()\n";
}

TEST(PythonLocks, ALockTakenTwice) {
  Incident incident(taken_twice("Lock"));
  incident.thread({{"size", 5}, {"f", 8}});
  EXPECT_EQ(incident.findings(), "recursive_lock likely");
}

TEST(PythonLocks, AnRLockMayBeTakenTwice) {
  Incident incident(taken_twice("RLock"));
  incident.thread({{"size", 5}, {"f", 8}});
  EXPECT_EQ(incident.findings(), "");
}

TEST(PythonLocks, AHolderThatSleepsHasNoFrameForIt) {
  Incident incident(kGlobals + "import time\ndef f():\n    with A:\n        g()\ndef g():\n    time.sleep(60)\n");
  incident.thread({{"g", 10}, {"f", 8}});
  for (int i = 0; i < 4; ++i) incident.thread({{"f", 7}});
  EXPECT_EQ(incident.findings(), "stalled_holder likely");
}

TEST(PythonLocks, AnotherObjectsLockIsAnother) {
  Incident incident(taken_twice("Lock"));
  incident.thread({{"size", 5}, {"g", 11}});
  EXPECT_EQ(incident.findings(), "");
}

}  // namespace
}  // namespace tailback::analyze
