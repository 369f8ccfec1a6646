// Single lines of the kernel's reports, and where one report ends and the next begins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/sources/kernel_dump.h"
#include "replay/sources/kernel_lines.h"
#include "replay/sources/kernel_log.h"
#include "tests/unit/sources/others/read_text.h"

namespace tailback::replay {
namespace {

using ::testing::HasSubstr;

Recording read(std::string_view text) { return read_one(kernel_log_format(), text); }

TEST(KernelLines, TaskLinesOfAllAges) {
  for (const char* text : {"task:kworker/u4:3    state:D stack:14632 pid:46    tgid:46    ppid:2      task_flags:0x4208060 flags:0x00004000",
                           "task:kworker/u4:3    state:D stack:    0 pid:   46 ppid:     2 flags:0x00004000", "kworker/u4:3    D    0    46      2 0x00004000",
                           "kworker/u4:3    D ffffffff00000000     0    46      2 0x00000080", "kworker/u4:3    D 0000000100d78984     0    46      2 0x00000080"}) {
    const auto task = parse_task_line(text);
    ASSERT_TRUE(task) << text;
    EXPECT_EQ(task->name, "kworker/u4:3");
    EXPECT_EQ(task->pid, "46");
    EXPECT_EQ(task->state, 'D');
  }
  EXPECT_EQ(parse_task_line("fsstress        R  running task        0  5277   5266 0x00000008")->state, 'R');
  for (const char* text : {"", "task:", "task: state:", "task:x state:Q pid:1", "0123456789abcde D what is this line of another", "Downloading fil D  12  13 14 of 15"}) EXPECT_FALSE(parse_task_line(text)) << text;
}

TEST(KernelLines, WhoIsStuckAndWhoIsInTheWay) {
  const auto hung = parse_stuck_line("INFO: task kworker/u4:3:46 blocked for more than 143 seconds.");
  ASSERT_TRUE(hung);
  EXPECT_EQ(hung->task.name, "kworker/u4:3");
  EXPECT_EQ(hung->task.pid, "46");
  EXPECT_EQ(hung->seconds, 143);
  EXPECT_TRUE(parse_stuck_line("task cp:1 blocked for more than 120 seconds.")) << "a level is cut off by the prefix";
  EXPECT_TRUE(parse_stuck_line("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:1:26]")->running);
  const auto mutex = parse_blocker_line("INFO: task cat:115 is blocked on a mutex likely owned by task cat:114.");
  ASSERT_TRUE(mutex);
  EXPECT_EQ(mutex->waiter.pid, "115");
  EXPECT_EQ(mutex->owner.pid, "114");
  const auto rwsem = parse_blocker_line("INFO: task cat:115 <writer> blocked on an rw-semaphore likely owned by task dd:7 <reader>");
  ASSERT_TRUE(rwsem);
  EXPECT_EQ(rwsem->kind, LockKind::kRwlock);
  EXPECT_EQ(rwsem->wait_mode, LockMode::kExclusive);
  EXPECT_EQ(rwsem->hold_mode, LockMode::kShared);
  EXPECT_EQ(rwsem->owner.name, "dd");
  EXPECT_FALSE(parse_blocker_line("INFO: task cat:115 is blocked on a mutex, but the owner is not found."));
}

TEST(KernelLines, LocksOnLockdepsList) {
  const auto lock = parse_lock_line(" #1: ffff88810a98e3f8 (&type->i_mutex_dir_key#12){++++}-{3:3}, at: fscrypt_ioctl_set_policy+0x11f/0x2a0");
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->index, 1);
  EXPECT_EQ(lock->address, 0xffff88810a98e3f8u);
  EXPECT_EQ(lock->name, "&type->i_mutex_dir_key#12");
  EXPECT_EQ(lock->usage, "++++");
  EXPECT_EQ(lock->site, "fscrypt_ioctl_set_policy+0x11f/0x2a0");
  EXPECT_EQ(parse_lock_line("ffff8880a8b1c930 (&(&ctx->ctx_lock)->rlock){..-.}, at: free_ioctx_users+0x2d/0x490 fs/aio.c:618")->name, "&(&ctx->ctx_lock)->rlock");
  const auto old = parse_lock_line(" #0:  (rtnl_mutex){+.+.+.}, at: [<ffffffff816aa3bb>] rtnl_lock+0x15/0x20");
  EXPECT_EQ(old->address, 0u);
  EXPECT_EQ(old->site, "rtnl_lock+0x15/0x20");
  EXPECT_EQ(parse_lock_line(" #0: (____ptrval____) (rtnl_mutex){+.+.}, at: f+0x1/0x2")->name, "rtnl_mutex");
  for (const char* text : {"", "#0: <RELEASED>", "#x: (a){.}", "(a", "#0:  schedule+0x1/0x2"}) EXPECT_FALSE(parse_lock_line(text)) << text;
}

TEST(KernelLines, FramesOfAllShapes) {
  const auto function = [](std::string_view text) {
    const auto frame = parse_kernel_frame(text);
    return frame ? std::string(frame->function) + (frame->unreliable ? "?" : "") : std::string();
  };
  EXPECT_EQ(function(" schedule+0x29/0x70"), "schedule");
  EXPECT_EQ(function(" [<ffffffff816a9589>] schedule+0x29/0x70"), "schedule");
  EXPECT_EQ(function(" ? finish_wait+0x80/0x80"), "finish_wait?");
  EXPECT_EQ(function(" create_new_namespaces.isra.0+0x3cb/0xae0 kernel/nsproxy.c:110"), "create_new_namespaces");
  EXPECT_EQ(function("[<819be41c>] (__schedule) from [<819bf7d8>] (schedule+0x40/0xa8 kernel/sched/core.c:7109)"), "__schedule");
  EXPECT_EQ(parse_kernel_frame(" dm_destroy+0x13/0x20 [dm_mod]")->module, "dm_mod");
  EXPECT_TRUE(parse_kernel_frame(" context_switch kernel/sched/core.c:5408 [inline]")->inlined);
  EXPECT_EQ(parse_kernel_frame(" __schedule (kernel/sched/core.c:5357 kernel/sched/core.c:6961 (discriminator 3)) ")->line, 6961u);
  for (const char* text : {"", "RAX: ffffffffffffffda RBX: 0000000000000003", "Modules linked in: ext4 jbd2", "main.go:12 started", "Code: Bad RIP value.", "ffff880074cefe18 0000000000000086"}) EXPECT_EQ(function(text), "") << text;
}

TEST(KernelDump, TheUsageOfAClassTellsTheMode) {
  const auto mode = [](const char* name, const char* usage, const char* inlined = "") { return listed_mode({1, name, usage, "f+0x1/0x2", inlined}); };
  EXPECT_EQ(mode("&store->lock", "+.+."), ListedMode::kExclusive);
  EXPECT_EQ(mode("sb_writers#5", ".+.+"), ListedMode::kShared);
  EXPECT_EQ(mode("&mm->mmap_lock", "++++"), ListedMode::kUnknown);
  EXPECT_EQ(mode("&mm->mmap_lock", "++++", "mmap_read_lock include/linux/mmap_lock.h:118 [inline]"), ListedMode::kShared);
  EXPECT_EQ(mode("&sb->s_type->i_mutex_key#3", "++++", "inode_lock include/linux/fs.h:779 [inline]"), ListedMode::kExclusive);
  EXPECT_EQ(mode("&shost->scan_mutex", "...."), ListedMode::kExclusive);
  EXPECT_EQ(mode("&dev->sem", "...."), ListedMode::kUnknown);
}

TEST(KernelDump, MarksOfLockdepsAreNoLocks) {
  const auto mark = [](const char* name, const char* site = "f+0x1/0x2") { return is_annotation({1, name, "+.+.", site, ""}); };
  for (const char* name : {"(wq_completion)netns", "(work_completion)(&w->work)", "(&timer)", "rcu_read_lock", "rcu_read_lock_bh", "fs_reclaim", "reservation_ww_class_acquire"}) EXPECT_TRUE(mark(name)) << name;
  EXPECT_TRUE(mark("net_cleanup_work", "process_one_work+0x7c6/0x13a0"));
  for (const char* name : {"rtnl_mutex", "&mm->mmap_lock", "(console_sem).lock", "&(&ctx->ctx_lock)->rlock"}) EXPECT_FALSE(mark(name)) << name;
}

constexpr std::string_view kHung = "INFO: task a:7 blocked for more than 120 seconds.\ntask:a               state:D stack:0     pid:7     ppid:2      flags:0x0\nCall Trace:\n schedule+0x1/0x2\n __mutex_lock+0x3/0x4\n f+0x5/0x6\n";

TEST(KernelLog, TheNextRoundOfTheWatchdogIsAnotherDump) {
  std::string next(kHung);
  next.replace(next.find("120"), 3, "241");
  const Recording r = read(std::string(kHung) + next);
  ASSERT_EQ(r.dumps.size(), 2u);
  EXPECT_EQ(r.dumps[1].threads[0].waited_ns, 241'000'000'000);
}

TEST(KernelLog, AQuietTimeEndsAReport) {
  const Recording r = read("[  100.000000] task:a               state:D stack:0 pid:7 ppid:2 flags:0x0\n[  100.000001] Call Trace:\n[  100.000002]  f+0x1/0x2\n"
                           "[  500.000000] task:b               state:D stack:0 pid:8 ppid:2 flags:0x0\n[  500.000001] Call Trace:\n[  500.000002]  g+0x1/0x2\n");
  ASSERT_EQ(r.dumps.size(), 2u);
  EXPECT_EQ(r.dumps[0].mono_ns, 100'000'000'000);
}

TEST(KernelLog, TheOwnerThatTheKernelNamesIsALikelyHolder) {
  const std::string owner = "INFO: task a:7 is blocked on a mutex likely owned by task b:8.\ntask:b               state:S stack:0     pid:8     ppid:2      flags:0x0\nCall Trace:\n msleep+0x1/0x2\n g+0x5/0x6\n";
  const Recording r = read(std::string(kHung) + owner);
  ASSERT_EQ(r.dumps.size(), 1u);
  const Dump& dump = r.dumps[0];
  ASSERT_EQ(dump.waits.size(), 1u);
  ASSERT_EQ(dump.holds.size(), 1u);
  EXPECT_EQ(dump.threads[dump.holds[0].thread.index].id, "8");
  EXPECT_EQ(dump.holds[0].basis, Basis::kInferred);
  EXPECT_EQ(dump.holds[0].lock, dump.waits[0].lock);
  EXPECT_EQ(dump.locks[dump.waits[0].lock.index].address, 0u) << "none is printed";
}

TEST(KernelLog, TheOwnerThatIsHungTooIsPrintedTwice) {
  std::string other(kHung);
  for (std::size_t at; (at = other.find("a:7")) != std::string::npos;) other.replace(at, 3, "b:8");
  other.replace(other.find("pid:7"), 5, "pid:8");
  const std::string stack = other.substr(other.find("task:"));
  const Recording r = read(std::string(kHung) + "INFO: task a:7 is blocked on a mutex likely owned by task b:8.\n" + stack + other);
  ASSERT_EQ(r.dumps.size(), 1u);
  ASSERT_EQ(r.dumps[0].threads.size(), 2u);
  EXPECT_EQ(r.table.stack(r.dumps[0].threads[1].stack).size(), 3u) << "once";
}

TEST(KernelLog, OfATaskWithoutAStackTheLastLockMayBeAwaited) {
  const Recording sole = read("Showing all locks held in the system:\n1 lock held by a/7:\n #0: ffff888000000008 (m){+.+.}-{3:3}, at: f+0x1/0x2\n");
  ASSERT_EQ(sole.dumps.size(), 1u);
  ASSERT_EQ(sole.dumps[0].holds.size(), 1u);
  EXPECT_EQ(sole.dumps[0].holds[0].strength, 1);
  const Recording both = read("Showing all locks held in the system:\n1 lock held by a/7:\n #0: ffff888000000008 (m){+.+.}-{3:3}, at: f+0x1/0x2\n1 lock held by b/8:\n #0: ffff888000000008 (m){+.+.}-{3:3}, at: f+0x1/0x2\n");
  EXPECT_TRUE(both.dumps[0].holds.empty()) << "one of the two: which is not told";
}

TEST(KernelLog, LinesThatTheConsoleBrokeAreJoined) {
  const Recording r = read("task:jbd2/sda1-8     state:D\n stack:25008 pid:4509  tgid:4509  ppid:2      flags:0x00004000\nCall Trace:\n f+0x1/0x2\n"
                           "2 locks held by jbd2/sda1-8/4509:\n #0: \nffffffff8e333e60\n (\nm\n){+.+.}-{3:3}\n, at: g include/x.h:3 [inline]\n, at: h+0x2/0x3 a.c:3\n #1: ffffffff8e333e68 (n){+.+.}-{3:3}, at:\nk+0x2/0x3\n");
  ASSERT_EQ(r.dumps.size(), 1u);
  ASSERT_EQ(r.dumps[0].holds.size(), 2u);
  EXPECT_EQ(r.table.text(r.dumps[0].locks[0].name), "m");
  EXPECT_THAT(std::string(r.table.text(r.dumps[0].holds[0].evidence)), HasSubstr("h+0x2/0x3"));
  EXPECT_THAT(std::string(r.table.text(r.dumps[0].holds[1].evidence)), HasSubstr("k+0x2/0x3"));
}

TEST(KernelLog, ACircleThatIsPossibleIsSaidAndIsNoWait) {
  const Recording r = read("WARNING: possible circular locking dependency detected\nkswapd0/711 is trying to acquire lock:\n000000007777a663 (sb_internal){.+.+}, at: start_transaction+0x3a8/0x500\n\n"
                           "but task is already holding lock:\n000000000ba86300 (&fs->lock){+.+.}, at: shrink+0x0/0x30\n\n-> #1 (&fs->lock){+.+.}:\n       kmem_cache_alloc+0x1f/0x1c0\n-> #0 (sb_internal){.+.+}:\n       __sb_start_write+0xf6/0x150\n"
                           "2 locks held by kswapd0/711:\n #0: 000000000ba86300 (&fs->lock){+.+.}, at: shrink+0x0/0x30\nstack backtrace:\nCPU: 7 PID: 711 Comm: kswapd0 Not tainted 5.2.11 #2\nCall Trace:\n dump_stack+0x1/0x2\n start_transaction+0x3a8/0x500\n");
  ASSERT_EQ(r.dumps.size(), 1u);
  EXPECT_TRUE(r.dumps[0].waits.empty());
  ASSERT_EQ(r.dumps[0].statements.size(), 1u);
  EXPECT_THAT(std::string(r.table.text(r.dumps[0].statements[0])), HasSubstr("asks for sb_internal"));
  ASSERT_EQ(r.dumps[0].threads.size(), 1u);
  EXPECT_EQ(r.table.stack(r.dumps[0].threads[0].stack).size(), 1u) << "neither lockdep's frames nor the chain's";
}

TEST(KernelLog, AWarningsStackIsNoReportOnTasks) {
  EXPECT_TRUE(read_all(kernel_log_format(), "WARNING: CPU: 1 PID: 29 at fs/x.c:3 f+0x1/0x2\nCPU: 1 PID: 29 Comm: cat Not tainted 5.15.0\nCall Trace:\n f+0x1/0x2\n").front().dumps.empty());
}

}  // namespace
}  // namespace tailback::replay
