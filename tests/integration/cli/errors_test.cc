// What a new user does wrong: each is answered with exit status 2 and one line that names the file, the place and what was wrong.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "go_log.h"
#include "program.h"

namespace tailback::testing {
namespace {

class Errors : public ProgramTest {
 protected:
  static void expect_refused(const Outcome& outcome, const std::string& words) {
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.one_line_of_error()) << outcome.err;
    EXPECT_EQ(outcome.err.rfind("tailback: ", 0), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err << " does not say: " << words;
  }
};

TEST_F(Errors, NoCommand) { expect_refused(run(""), "subcommand"); }
TEST_F(Errors, AnUnknownCommand) { expect_refused(run("analyse x"), "there is no command 'analyse'; did you mean analyze?"); }
TEST_F(Errors, AnUnknownOption) { expect_refused(run("analyze --frmat json x"), "--frmat"); }
TEST_F(Errors, ANumberThatIsNone) { expect_refused(run("analyze --top -3 x"), "--top"); }
TEST_F(Errors, NoInput) {
  for (const char* command : {"analyze", "diff"}) expect_refused(run(command), "INPUT is required");
}
TEST_F(Errors, NoInputForAReplay) { expect_refused(run("replay"), "replay what?"); }

TEST_F(Errors, AFormatThatDoesNotExist) {
  write("service.log", go_log());
  expect_refused(run("analyze --format xml service.log"), "xml");
  expect_refused(run("analyze --format-in cobol service.log"), "cobol");
}

TEST_F(Errors, AFileThatDoesNotExist) { expect_refused(run("analyze service.log"), "service.log: there is no such file"); }

TEST_F(Errors, ATypoInAFilesName) {
  write("service.log", go_log());
  expect_refused(run("analyze servcie.log"), "did you mean service.log?");
  expect_refused(run("analyze ./servcie.log"), "did you mean ./service.log?");
}

TEST_F(Errors, ADirectory) { expect_refused(run("analyze ."), "is a directory"); }

TEST_F(Errors, AnEmptyFile) {
  write("empty.log", "");
  expect_refused(run("analyze empty.log"), "empty.log: is empty");
}

TEST_F(Errors, EmptyStandardInput) { expect_refused(run("analyze -", ": |"), "standard input"); }

TEST_F(Errors, ABinary) { expect_refused(run("analyze " TAILBACK_PROGRAM), "tailback"); }

TEST_F(Errors, ALogWithoutADump) {
  write("plain.log", "2020/02/11 09:30:00 INFO all is well\n2020/02/11 09:30:10 INFO still\n");
  expect_refused(run("analyze plain.log"), "plain.log");
}

TEST_F(Errors, AFileThatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  write("secret.log", go_log());
  ::chmod("secret.log", 0);
  expect_refused(run("analyze secret.log"), "secret.log: Permission denied");
}

TEST_F(Errors, ATruncatedIncidentFile) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback").status, 0);
  const std::string whole = read("incident.tailback");
  write("cut.tailback", std::string_view(whole).substr(0, 700));
  expect_refused(run("analyze cut.tailback"), "cut.tailback");
}

TEST_F(Errors, ADatabaseThatIsNoIncidentFile) {
  std::string header("SQLite format 3\0", 16);
  header.resize(8192, '\0');
  write("other.db", header);
  expect_refused(run("analyze other.db"), "other.db");
}

TEST_F(Errors, ADumpThatIsNotThere) {
  write("service.log", go_log());
  expect_refused(run("analyze --dump 99 service.log"), "there are: 1, 2, 3");
  expect_refused(run("analyze --dump first service.log"), "--dump first");
  expect_refused(run("diff service.log#1 service.log#9"), "there is no dump 9");
}

TEST_F(Errors, APatternThatDoesNotCompile) {
  write("service.log", go_log());
  expect_refused(run("analyze --metric '(?<threads>' service.log"), "(?<threads>");
}

TEST_F(Errors, AnOutputThatCannotBeWritten) {
  write("service.log", go_log());
  expect_refused(run("analyze service.log -o /dev/full"), "/dev/full: can't be written: No space left on device");
  expect_refused(run("analyze service.log -o no/such/report.json"), "no/such/report.json");
  expect_refused(run("analyze service.log -o ."), "directory");
}

TEST_F(Errors, AStandardOutputThatIsFull) {
  write("service.log", go_log());
  const Outcome outcome = run("analyze service.log >/dev/full");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "tailback: standard output: can't be written: No space left on device\n");
}

TEST_F(Errors, AReaderThatHasHadEnoughIsNoError) {
  write("service.log", go_log());
  const Outcome outcome = run("analyze --format json service.log | head -c 1");
  EXPECT_EQ(outcome.out, "{");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Errors, AnIncidentFileIsNotOverwrittenUnasked) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback").status, 0);
  const std::string before = read("incident.tailback");
  expect_refused(run("replay service.log -o incident.tailback"), "incident.tailback: exists already");
  EXPECT_EQ(read("incident.tailback"), before);
  EXPECT_EQ(run("replay --force service.log -o incident.tailback").status, 0);
}

TEST_F(Errors, ATriggerThatDoesNotParseIsPointedAt) {
  write("service.log", go_log());
  expect_refused(run("replay service.log -o x.tailback --triggers 'threads >> 5'"), "column 10");
  EXPECT_EQ(files(), 1u) << "no half-made incident file";
}

TEST_F(Errors, AnInterruptEndsItAndLeavesNothingBehind) {
  ASSERT_EQ(::mkfifo("endless.log", 0600), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::execl(TAILBACK_PROGRAM, TAILBACK_PROGRAM, "analyze", "endless.log", "-o", "report.txt", nullptr);
    ::_exit(127);
  }
  // Opening for writing returns once the program has opened it for reading: it is then in the middle of its work.
  const int writer = ::open("endless.log", O_WRONLY);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(::kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::close(writer);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace tailback::testing
