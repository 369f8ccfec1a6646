// What a new user does wrong: each is answered with exit status 2 and one line that names the file, the place and what was wrong.
#include <sys/stat.h>
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
TEST_F(Errors, AFileInTheCommandsPlace) {
  write("service.log", go_log());
  expect_refused(run("service.log"), "there is no command 'service.log'; did you mean analyze service.log?");
}
TEST_F(Errors, TheHelpThatIsPointedAtIsTheCommandsOwn) { expect_refused(run("replay locks"), "(see tailback replay locks --help)"); }
TEST_F(Errors, HelpIsUnderstoodAsACommandToo) {
  EXPECT_EQ(run("help").out, run("--help").out);
  const Outcome outcome = run("help analyze");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, run("analyze --help").out);
}
TEST_F(Errors, AnIncidentFileForStandardOutput) {
  write("service.log", go_log());
  expect_refused(run("replay service.log -o -"), "can't go to standard output");
  EXPECT_EQ(files(), 1u);
}
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

TEST_F(Errors, ALogWithoutADumpSaysWhatItLooksLikeAndWhatWasTried) {
  write("plain.log", "2020/02/11 09:30:00 INFO all is well\n2020/02/11 09:30:10 INFO still\n");
  const Outcome outcome = run("analyze plain.log");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "tailback: plain.log: holds no dump that tailback knows: it looks like a log (2 lines, with times);"
            " name the file that the threads' stacks went to\n"
            "  17 formats were tried, and found no line of theirs: go-log, go-profile,\n"
            "  eu-stack, gdb, panicparse, grouped-goroutines, java-json, javacore, jstack,\n"
            "  kernel-log, prometheus-json, prometheus-text, pt-pmp, faulthandler, py-spy,\n"
            "  py-spy-json, go-pprof\n"
            "  --format-in NAME says what that format looks for\n");
}

TEST_F(Errors, TheStacksOfADebuggerThatIsNotReadAreToldByItsName) {
  const std::pair<const char*, const char*> debuggers[] = {
      {"(lldb) bt all\n* thread #1, name = 'depotd'\n    frame #0: 0x00007f7fa854918a libc.so.6`__lll_lock_wait + 43\n", "lldb"},
      {"0:000> ~* k\n # Child-SP          RetAddr           Call Site\n00 00000067`e0f3f278 00007ff8`8a192e2d ntdll!NtWaitForSingleObject+0xa\n", "WinDbg"},
      {"4711:  /usr/bin/depotd\n-----------------  lwp# 1 / thread# 1  --------------------\n fffffd7fff16b3ea pollsys (8047a10, 1, 0, 0)\n", "the pstack of Solaris"}};
  for (const auto& [text, name] : debuggers) {
    write("stacks.txt", text);
    const Outcome outcome = run("analyze stacks.txt");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.err.find("it looks like the stacks of " + std::string(name) + ", which is not read; take them with gdb's `thread apply all bt` or with eu-stack\n"), std::string::npos) << outcome.err;
  }
}

TEST_F(Errors, AFormatThatCameNearSaysWhatItMissed) {
  write("answer.json", "{\"status\": \"error\", \"error\": \"query timed out\"}\n");
  const Outcome outcome = run("analyze answer.json");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("it looks like JSON (1 line);"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("\n  prometheus-json came near: JSON, but no \"resultType\"\n"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("\n  15 other formats were tried"), std::string::npos) << outcome.err;
}

TEST_F(Errors, AFormatThatIsAskedForAndIsNotThereIsNoEmptyReport) {
  write("plain.log", "2020/02/11 09:30:00 INFO all is well\n2020/02/11 09:30:10 INFO still\n");
  write("service.log", go_log());
  expect_refused(run("analyze --format-in jstack plain.log"), "plain.log: holds nothing of jstack: no \"Full thread dump\"");
  expect_refused(run("analyze --format-in py-spy-json plain.log"), "plain.log: holds nothing of py-spy-json: does not begin with '['");
  expect_refused(run("analyze --format-in go-pprof plain.log"), "plain.log: holds nothing of go-pprof");
  expect_refused(run("analyze --format-in gdb service.log"), "it looks like go-log");
  expect_refused(run("replay --format-in gdb service.log -o x.tailback"), "holds nothing of gdb");
  EXPECT_EQ(files(), 2u);
}

TEST_F(Errors, AFileThatMayNotBeRead) {
  write("secret.log", go_log());
  ASSERT_EQ(::chmod("secret.log", 0), 0);
  // Root may read everything: then as nobody, by way of a folder that nobody may enter.
  const bool root = ::geteuid() == 0;
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
  const std::string nobody = root ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";
  if (root && run("--version", nobody).status != 0) GTEST_SKIP() << "nobody may not run the program where it is built";
  expect_refused(run("analyze secret.log", nobody), "secret.log: Permission denied");
}

TEST_F(Errors, AFolderThatMayNotBeWrittenToIsToldBeforeTheWork) {
  write("service.log", go_log());
  ASSERT_EQ(::mkdir("kept", 0755), 0);
  const bool root = ::geteuid() == 0;
  if (!root) std::filesystem::permissions("kept", std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
  const std::string nobody = root ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";
  if (root && run("--version", nobody).status != 0) GTEST_SKIP() << "nobody may not run the program where it is built";
  expect_refused(run("analyze service.log -o kept/report.txt", nobody), "kept/report.txt: can't be written: Permission denied");
  expect_refused(run("replay service.log -o kept/x.tailback", nobody), "kept/x.tailback: can't be written: Permission denied");
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
  expect_refused(run("analyze --metric '(?<threads>' service.log"), "--metric '(?<threads>': is no pattern: missing )");
  expect_refused(run("analyze --metric 'goroutines' service.log"), "--metric 'goroutines': names no metric; write a group as (?<threads>\\d+)");
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

TEST_F(Errors, AnOutputThatIsAnInput) {
  write("service.log", go_log());
  ASSERT_EQ(::symlink("service.log", "link"), 0);
  const std::string before = read("service.log");
  expect_refused(run("analyze service.log -o service.log"), "-o service.log: is an input too, and would be overwritten");
  expect_refused(run("analyze service.log -o link"), "is an input too");
  expect_refused(run("diff service.log -o ./service.log"), "is an input too");
  expect_refused(run("replay --force service.log -o service.log"), "is an input too");
  expect_refused(run("replay --append service.log -o service.log"), "is an input too");
  EXPECT_EQ(read("service.log"), before);
}

TEST_F(Errors, AFolderOfTheOutputThatIsMissingIsToldBeforeTheWork) {
  write("service.log", go_log());
  expect_refused(run("analyze service.log -o no/such/report.json"), "no/such/report.json: can't be written: there is no folder");
  expect_refused(run("replay service.log -o no/such/x.tailback"), "no/such/x.tailback: can't be written: there is no folder");
}

TEST_F(Errors, AFormatOfInputThatDoesNotExistListsThoseThatDo) {
  write("service.log", go_log());
  for (const char* name : {"cobol", "go-log", "jstack", "gdb", "prometheus-json"}) expect_refused(run("analyze --format-in cobol service.log"), name);
}

TEST_F(Errors, ADiskThatIsFull) {
  write("service.log", go_log());
  ASSERT_EQ(::mkdir("small", 0700), 0);
  // A file system of 64 KiB in a mount namespace of its own.
  const std::string mount = "unshare -rm sh -c 'mount -t tmpfs -o size=64k none small || exit 77; exec \"$@\"' sh";
  if (run("--version", mount).status != 0) GTEST_SKIP() << "no file system may be mounted here";
  const Outcome full = run("replay service.log -o small/x.tailback", mount);
  EXPECT_EQ(full.status, 2);
  EXPECT_TRUE(full.one_line_of_error()) << full.err;
  EXPECT_NE(full.err.find("small/x.tailback"), std::string::npos) << full.err;
  EXPECT_EQ(full.err.find("unfinished"), std::string::npos) << full.err;
}

}  // namespace
}  // namespace tailback::testing
