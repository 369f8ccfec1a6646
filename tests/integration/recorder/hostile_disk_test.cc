// A full disk and a folder that can't be written. Each test runs in a child process with a mount of its own; where the machine forbids
// mounting it is skipped.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <fstream>
#include <functional>

#include "tests/integration/recorder/recording.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int kForbidden = 77, kWell = 0;

/// Runs `body` in a child whose mounts are its own, with a tmpfs of `bytes` on `folder`; its verdict, empty when well.
std::string in_child_with_small_disk(const Folder& folder, const char* size, const std::function<std::string()>& body) {
  const std::string verdict_path = std::string(folder.path()) + ".verdict";
  const pid_t child = ::fork();
  if (child == 0) {
    const bool allowed = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, size) == 0;
    if (!allowed) ::_exit(kForbidden);
    const std::string verdict = body();
    std::ofstream(verdict_path) << verdict;
    ::_exit(kWell);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  std::ifstream file(verdict_path);
  std::string verdict((std::istreambuf_iterator<char>(file)), {});
  std::filesystem::remove(verdict_path);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kForbidden) return "forbidden";
  if (!WIFEXITED(status) || WEXITSTATUS(status) != kWell) return "the child ended with status " + std::to_string(status);
  return verdict;
}

/// Writes until the disk is full.
void fill(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  while (::write(fd, block.data(), block.size()) > 0) {
  }
  ::close(fd);
}

#if defined(__SANITIZE_THREAD__)
#define SKIP_WITH_TSAN() GTEST_SKIP() << "ThreadSanitizer does not allow threads to be started in a child of a process with threads"
#else
#define SKIP_WITH_TSAN() static_cast<void>(0)
#endif

TEST(HostileDisk, LosesSamplesToAFullDiskCountsThemSaysSoOnceAndGoesOnAfterwards) {
  SKIP_WITH_TSAN();
  const Folder folder;
  const std::string verdict = in_child_with_small_disk(folder, "size=20m", [&]() -> std::string {
    Ear ear;
    auto recorder = Recorder::start(quick(folder / "a.tailback", ear));
    if (!recorder) return recorder.error().to_string();
    if (!recorder->dump_now("while there is room", 60s)) return "no dump while there was room";
    fill(folder / "ballast");
    if (ear.wait_for("cannot write all that is recorded").empty()) return "the loss was not told";
    std::filesystem::remove(folder / "ballast");
    // The first dump that is stored again shows that the writer goes on.
    bool again = false;
    for (int i = 0; i < 50 && !again; ++i) again = recorder->dump_now("there is room again", 60s).ok();
    if (!again) return "it did not go on";
    (void)recorder->stop(60s);
    if (ear.count("cannot write") != 1) return "told " + std::to_string(ear.count("cannot write")) + " times";
    const auto recordings = read_back(folder / "a.tailback");
    if (recordings.size() != 1) return "not one recording";
    if (counter_of(recordings[0], "lost.samples") == 0) return "the loss is not counted";
    if (recordings[0].dumps.size() < 2) return "dumps are missing";
    return integrity(folder / "a.tailback") == "ok" ? "" : "damaged";
  });
  if (verdict == "forbidden") GTEST_SKIP() << "this machine does not allow a mount of one's own";
  EXPECT_EQ(verdict, "");
}

TEST(HostileDisk, RunsOnWhereTheFolderIsReadOnlyAndStillTellsOfABreach) {
  SKIP_WITH_TSAN();
  const Folder folder;
  const std::string verdict = in_child_with_small_disk(folder, "size=1m,ro", [&]() -> std::string {
    Ear ear;
    RecorderOptions options = quick(folder / "a.tailback", ear);
    options.triggers = "test_alarm > 0";
    auto recorder = Recorder::start(std::move(options));
    if (!recorder) return recorder.error().to_string();
    if (!recorder->active()) return "inert";
    if (ear.count("cannot record now") != 1) return "the loss was not told once";
    gauge("test_alarm").set(1);
    const std::string line = ear.wait_for("breach of");
    if (line.find(" threads") == std::string::npos) return "no headline: " + line;
    if (line.find("not stored") == std::string::npos) return "does not say that it is not stored: " + line;
    const auto asked = recorder->dump_now("in vain", 60s);
    if (asked) return "a dump that nobody can have stored";
    return recorder->stop(60s) ? "stop() reports no loss" : "";
  });
  if (verdict == "forbidden") GTEST_SKIP() << "this machine does not allow a mount of one's own";
  EXPECT_EQ(verdict, "");
}

}  // namespace
}  // namespace tailback
