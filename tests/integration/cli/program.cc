#include "program.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tailback::testing {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

Outcome run(const std::string& arguments, const std::string& before) {
  const std::filesystem::path base = std::filesystem::temp_directory_path() / ("tailback_run_" + std::to_string(::getpid()));
  const std::string out = base.string() + ".out", err = base.string() + ".err";
  const std::string command = "( " + before + " " + TAILBACK_PROGRAM + " " + arguments + " ) >" + out + " 2>" + err;
  const int status = std::system(command.c_str());
  Outcome outcome;
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = content_of(out);
  outcome.err = content_of(err);
  std::filesystem::remove(out);
  std::filesystem::remove(err);
  return outcome;
}

void ProgramTest::SetUp() {
  folder_ = std::filesystem::path(::testing::TempDir()) / ("tailback_cli_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder_);
  std::filesystem::current_path(folder_);
  for (const char* name : {"NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"}) ::unsetenv(name);
}

void ProgramTest::TearDown() {
  std::filesystem::current_path("/");
  std::filesystem::remove_all(folder_);
}

void ProgramTest::write(const std::string& name, std::string_view content) const {
  std::ofstream(folder_ / name, std::ios::binary) << content;
}

std::string ProgramTest::read(const std::string& name) const { return content_of(folder_ / name); }

std::size_t ProgramTest::files() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
}

}  // namespace tailback::testing
