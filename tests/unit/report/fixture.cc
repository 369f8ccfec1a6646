#include "fixture.h"

#include <algorithm>

#include "analyze/compare/signature.h"
#include "analyze/group/group_threads.h"
#include "analyze/trend/finding_trends.h"
#include "analyze/trend/group_trends.h"

namespace tailback::analyze::testing {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'581'413'470 * kSecond;  // 2020-02-11T09:31:10Z
constexpr std::uint64_t kAddress = 0xc0000b4008;
constexpr std::uint32_t kQuiet = 12;  // threads on the network

void add_samples(Recording& recording, std::uint32_t writers) {
  const MetricId threads = recording.metric("threads"), heap = recording.metric("heap_in_use", "bytes");
  const MetricId cpu = recording.metric("cpu_seconds", "seconds", true);
  for (int i = 0; i < 20; ++i) {
    // Quiet for a hundred seconds, then the queue grows evenly up to the last dump.
    const double grown = i <= 10 ? 0 : static_cast<double>(writers) * (i - 10) / 9;
    Sample sample;
    sample.wall_ns = kStart + i * 10 * kSecond;
    sample.values = {{threads, kQuiet + 2 + grown, 0}, {heap, (12 + grown * 2) * 1024 * 1024, 0}, {cpu, 1.5 * i, 0}};
    recording.samples.push_back(std::move(sample));
  }
}

struct Stacks {
  StackId front, queued, reader, network;
};

Stacks make_stacks(StackTable& table) {
  return {make_stack(table, {"sync.runtime_SemacquireMutex sema.go:71", "sync.(*RWMutex).Lock rwmutex.go:98", "main.(*HashSet).AddOne hashset.go:52",
                             "main.(*Cache).Get cache.go:31", "main.handle main.go:80"}),
          make_stack(table, {"sync.runtime_SemacquireMutex sema.go:71", "sync.(*Mutex).lockSlow mutex.go:138", "sync.(*RWMutex).Lock rwmutex.go:93",
                             "main.(*HashSet).AddOne hashset.go:52", "main.(*Cache).Get cache.go:31", "main.handle main.go:80"}),
          make_stack(table, {"sync.runtime_SemacquireMutex sema.go:71", "sync.(*RWMutex).RLock rwmutex.go:50", "main.(*HashSet).Size hashset.go:43",
                             "main.(*HashSet).Values hashset.go:31", "main.refresh main.go:60"}),
          make_stack(table, {"internal/poll.runtime_pollWait netpoll.go:222", "net.(*conn).Read net.go:182", "main.serve main.go:20"})};
}

std::uint32_t add_thread(Dump& dump, std::vector<Activity>& activities, StackId stack, ThreadState state, ActivityKind kind, std::uint16_t own,
                         std::int64_t waited) {
  ThreadRecord thread;
  thread.id = std::to_string(17 + dump.threads.size());
  thread.stack = stack;
  thread.state = state;
  thread.waited_ns = waited;
  dump.threads.push_back(std::move(thread));
  activities.push_back({.kind = kind, .wait_frame = static_cast<std::uint16_t>(own == 0 ? 0 : own - 1), .own_frame = own});
  return static_cast<std::uint32_t>(dump.threads.size() - 1);
}

void add_dump(Incident& incident, const Stacks& stacks, int seconds, std::uint32_t writers) {
  Recording& recording = incident.recording;
  Dump dump;
  dump.id = static_cast<std::int64_t>(recording.dumps.size()) + 1;
  dump.wall_ns = kStart + seconds * kSecond;
  DumpAnalysis analysis;
  analysis.dump = recording.dumps.size();
  Lock lock;
  lock.address = kAddress;
  lock.kind = LockKind::kRwlock;
  lock.policy = LockPolicy::kPreferWriters;
  lock.name = recording.table.intern("HashSet.mu");
  dump.locks.push_back(lock);
  const std::int64_t waited = (seconds - 105) * kSecond;
  const auto wait = [&](std::uint32_t thread, LockMode mode, std::uint16_t frame, bool front) {
    dump.waits.push_back({{thread}, {0}, mode, front, frame, -1});
  };
  wait(add_thread(dump, analysis.activities, stacks.reader, ThreadState::kBlocked, ActivityKind::kLock, 2, waited), LockMode::kShared, 1, false);
  dump.holds.push_back({{0}, {0}, LockMode::kShared, Basis::kInferred, 3, 2, recording.table.intern("the same receiver 0xc0000b4008 in Values and Size")});
  wait(add_thread(dump, analysis.activities, stacks.front, ThreadState::kBlocked, ActivityKind::kLock, 2, waited), LockMode::kExclusive, 1, true);
  for (std::uint32_t i = 0; i < writers; ++i) {
    wait(add_thread(dump, analysis.activities, stacks.queued, ThreadState::kBlocked, ActivityKind::kLock, 3, std::min(waited, i * kSecond / 2)), LockMode::kExclusive, 2, false);
  }
  for (std::uint32_t i = 0; i < kQuiet; ++i) add_thread(dump, analysis.activities, stacks.network, ThreadState::kIo, ActivityKind::kIo, 2, -1);
  recording.dumps.push_back(std::move(dump));
  incident.analysis.dumps.push_back(std::move(analysis));
}

Finding make_finding(std::uint32_t writers) {
  Finding finding;
  finding.kind = FindingKind::kRecursiveReadLock;
  finding.severity = FindingSeverity::kDeadlock;
  finding.confidence = Confidence::kLikely;
  finding.dump = 2;
  finding.locks = {{0}};
  finding.blocked_directly = writers + 2;
  finding.blocked_in_all = writers + 2;
  finding.title = "read lock re-taken behind a waiting writer";
  finding.explanation =
      "Values() holds the read lock and calls Size(), which takes it again. A writer queued in between. It waits for Values(); Size() waits for it.";
  finding.fix = "Let Values() read len(set.items) instead of calling Size(), or split out a size that expects the lock held.";
  finding.refuted_by = "Values() having released the lock before it calls Size()";
  finding.evidence = {"Values and Size have the same receiver, 0xc0000b4008", "goroutine 18 waits for readers, not for the queue"};
  ChainLink reader;
  reader.thread = {0};
  reader.function = "main.(*HashSet).Values";
  reader.place = "/src/app/hashset.go:31";
  reader.holds = reader.waits_for = {0};
  reader.mode = reader.wait_mode = LockMode::kShared;
  reader.wait_function = "main.(*HashSet).Size";
  reader.wait_place = "/src/app/hashset.go:43";
  reader.note = "behind the queued writer";
  ChainLink writer;
  writer.thread = {1};
  writer.waits_for = {0};
  writer.function = writer.wait_function = "main.(*HashSet).AddOne";
  writer.place = writer.wait_place = "/src/app/hashset.go:52";
  writer.note = "behind the reader above";
  writer.others = writers;
  finding.chain = {reader, writer};
  return finding;
}

void finish(Incident& incident) {
  ShapeTable shapes(incident.recording.table, GroupBy::kLines);
  for (DumpAnalysis& dump : incident.analysis.dumps) {
    dump.groups = group_threads(incident.recording.dumps[dump.dump], dump.activities, GroupBy::kLines, shapes);
  }
  const LockDirectory locks(incident.recording);
  incident.analysis.trends = group_trends(incident.recording, incident.analysis, locks);
  fill_finding_trends(incident.recording, locks, incident.analysis);
  for (Finding& finding : incident.analysis.findings) finding.signature = signature_of(incident.recording, incident.analysis, finding);
}

}  // namespace

StackId make_stack(StackTable& table, const std::vector<std::string>& frames) {
  std::vector<FrameId> ids;
  for (const std::string& text : frames) {
    const std::size_t space = text.rfind(' '), colon = text.rfind(':');
    Frame frame;
    frame.function = table.intern(text.substr(0, space));
    frame.file = table.intern("/src/app/" + text.substr(space + 1, colon - space - 1));
    frame.line = static_cast<std::uint32_t>(std::stoul(text.substr(colon + 1)));
    ids.push_back(table.intern(frame));
  }
  return table.intern(ids);
}

Incident make_incident(std::uint32_t writers) {
  Incident incident;
  incident.recording.info = {"go-log", Runtime::kGo, "1", "/var/log/service.log"};
  add_samples(incident.recording, writers);
  const Stacks stacks = make_stacks(incident.recording.table);
  add_dump(incident, stacks, 130, writers / 3);
  add_dump(incident, stacks, 160, writers * 2 / 3);
  add_dump(incident, stacks, 190, writers);
  incident.recording.breaches.push_back({1, "threads > 40", "threads", 44, 40, kStart + 130 * kSecond, 0});
  incident.recording.diagnostics.push_back({Severity::kDataLoss, "/var/log/service.log", 812, "goroutine header without a stack", 3});
  incident.analysis.findings.push_back(make_finding(writers));
  finish(incident);
  return incident;
}

Incident make_healthy() {
  Incident incident;
  incident.recording.info = {"go-log", Runtime::kGo, "1", "/var/log/service.log"};
  const Stacks stacks = make_stacks(incident.recording.table);
  Dump dump;
  dump.id = 1;
  dump.wall_ns = kStart;
  DumpAnalysis analysis;
  for (int i = 0; i < 60; ++i) add_thread(dump, analysis.activities, stacks.network, ThreadState::kIo, ActivityKind::kIo, 2, -1);
  incident.recording.dumps.push_back(std::move(dump));
  incident.analysis.dumps.push_back(std::move(analysis));
  finish(incident);
  return incident;
}

}  // namespace tailback::analyze::testing
