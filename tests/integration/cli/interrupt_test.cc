// Ctrl-C in the middle: the program says so, ends as the signal would have ended it, and leaves nothing half made.
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>

#include "go_log.h"
#include "program.h"

namespace tailback::testing {
namespace {

class Interrupt : public ProgramTest {
 protected:
  /// Starts the program with `arguments`, its input a pipe that never ends. Returns when it has taken `log` out of the pipe, and waits for more.
  void start(std::vector<const char*> arguments, const std::string& log = "nothing yet\n") {
    std::array<int, 2> input{}, errors{};
    ASSERT_EQ(::pipe(input.data()), 0);
    ASSERT_EQ(::pipe(errors.data()), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(errors[1], STDERR_FILENO);
      for (const int descriptor : {input[0], input[1], errors[0], errors[1]}) ::close(descriptor);
      arguments.insert(arguments.begin(), TAILBACK_PROGRAM);
      arguments.push_back(nullptr);
      ::execv(TAILBACK_PROGRAM, const_cast<char**>(arguments.data()));
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(errors[1]);
    writer_ = input[1];
    errors_ = errors[0];
    // A pipe holds 64 KiB: once more than that has gone in, the program has read some, and is in the middle of its work.
    std::string text = log;
    while (text.size() < (256 << 10)) text += "2020/02/11 09:30:00 still serving\n";
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t put = ::write(writer_, rest.data(), rest.size());
      ASSERT_GT(put, 0);
      rest.remove_prefix(static_cast<std::size_t>(put));
    }
  }

  /// The signal that ended it; 0: it ended by itself.
  int ended_by() {
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    ::close(writer_);
    std::array<char, 4096> text{};
    for (ssize_t got = 0; (got = ::read(errors_, text.data(), text.size())) > 0;) said_.append(text.data(), static_cast<std::size_t>(got));
    ::close(errors_);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  pid_t child_ = -1;
  int writer_ = -1, errors_ = -1;
  std::string said_;
};

TEST_F(Interrupt, WhileStandardInputIsReadEndsItAndLeavesNothingBehind) {
  for (const int signal : {SIGINT, SIGTERM}) {
    said_.clear();
    start({"analyze", "-", "-o", "report.txt"});
    ASSERT_EQ(::kill(child_, signal), 0);
    EXPECT_EQ(ended_by(), signal);
    EXPECT_EQ(said_, "tailback: interrupted\n");
    EXPECT_EQ(files(), 0u);
  }
}

TEST_F(Interrupt, IsSeenByAShellAs130) {
  start({"analyze", "-"});
  ASSERT_EQ(::kill(child_, SIGINT), 0);
  EXPECT_EQ(128 + ended_by(), 130);
}

TEST_F(Interrupt, LeavesTheIncidentFileThatWasThere) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback").status, 0);
  const std::string before = read("incident.tailback");
  for (const char* how : {"--force", "--append"}) {
    said_.clear();
    start({"replay", "-", how, "-o", "incident.tailback"}, go_log());
    ASSERT_EQ(::kill(child_, SIGINT), 0);
    EXPECT_EQ(ended_by(), SIGINT);
    EXPECT_EQ(said_, "tailback: interrupted\n");
    EXPECT_EQ(read("incident.tailback"), before) << how;
    EXPECT_EQ(files(), 2u) << how;
  }
}

TEST_F(Interrupt, TakesTheTemporaryFileOfAnIncidentThatCameThroughAPipeAlong) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback").status, 0);
  ASSERT_EQ(::mkdir("temporary", 0700), 0);
  ::setenv("TMPDIR", (folder_ / "temporary").c_str(), 1);
  start({"analyze", "-"}, read("incident.tailback"));
  ASSERT_EQ(::kill(child_, SIGINT), 0);
  EXPECT_EQ(ended_by(), SIGINT);
  ::unsetenv("TMPDIR");
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "temporary"));
}

TEST_F(Interrupt, WhileANamedPipeHasNoWriterYet) {
  ASSERT_EQ(::mkfifo("endless.log", 0600), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::execl(TAILBACK_PROGRAM, TAILBACK_PROGRAM, "analyze", "endless.log", "-o", "report.txt", nullptr);
    ::_exit(127);
  }
  // Opening for writing returns once the program has opened it for reading.
  const int writer = ::open("endless.log", O_WRONLY);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(::kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::close(writer);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  EXPECT_EQ(files(), 1u);
}

TEST_F(Interrupt, OfTheLiveViewGivesTheTerminalBack) {
  write("service.log", go_log());
  int master = -1, slave = -1;
  winsize size{30, 100, 0, 0};
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
  termios before{};
  ASSERT_EQ(::tcgetattr(slave, &before), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(slave, descriptor);
    ::setenv("TERM", "xterm", 1);
    ::execl(TAILBACK_PROGRAM, TAILBACK_PROGRAM, "replay", "service.log", "--speed", "0.001", nullptr);
    ::_exit(127);
  }
  // The view is there once it has left the main screen.
  std::string shown;
  std::array<char, 4096> text{};
  while (shown.find("\x1b[?1049h") == std::string::npos) {
    const ssize_t got = ::read(master, text.data(), text.size());
    ASSERT_GT(got, 0) << shown;
    shown.append(text.data(), static_cast<std::size_t>(got));
  }
  ASSERT_EQ(::kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  termios after{};
  ASSERT_EQ(::tcgetattr(slave, &after), 0);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
  ::fcntl(master, F_SETFL, O_NONBLOCK);
  for (ssize_t got = 0; (got = ::read(master, text.data(), text.size())) > 0;) shown.append(text.data(), static_cast<std::size_t>(got));
  EXPECT_NE(shown.find("\x1b[?25h\x1b[?1049l"), std::string::npos);
  ::close(master);
  ::close(slave);
}

}  // namespace
}  // namespace tailback::testing
