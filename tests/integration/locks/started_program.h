// A program that is started, read line by line, and killed at the end.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace tailback::testing {

/// A program whose standard error and output are read line by line; killed at the end.
class StartedProgram {
 public:
  StartedProgram(std::vector<std::string> command, std::vector<std::string> variables) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    std::vector<char*> arguments, environment;
    for (std::string& word : command) arguments.push_back(word.data());
    for (std::string& word : variables) environment.push_back(word.data());
    arguments.push_back(nullptr);
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    if (::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environment.data()) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ::fdopen(ends[0], "r");
  }
  ~StartedProgram() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (out_ != nullptr) ::fclose(out_);
  }
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  /// Reads until a line has the words; false at the end of the output. The line is then in line().
  bool reads(const std::string& words) {
    char* line = nullptr;
    std::size_t room = 0;
    bool found = false;
    while (!found && ::getline(&line, &room, out_) > 0) {
      std::fputs(line, stdout);
      line_ = line;
      found = line_.find(words) != std::string::npos;
    }
    std::free(line);
    return found;
  }
  [[nodiscard]] const std::string& line() const { return line_; }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  FILE* out_ = nullptr;
  std::string line_;
};

}  // namespace tailback::testing
