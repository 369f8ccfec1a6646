#include "tests/integration/capture/libdw_oracle.h"

#include <cstdlib>
#include <elfutils/libdwfl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tailback {
namespace {

struct Row {
  std::int64_t tid;
  std::uint64_t address;
};

int write_frame(Dwfl_Frame* frame, void* out) {
  Dwarf_Addr pc = 0;
  bool activation = false;
  if (!::dwfl_frame_pc(frame, &pc, &activation)) return DWARF_CB_ABORT;
  auto& [fd, tid, innermost] = *static_cast<std::tuple<int, pid_t, bool>*>(out);
  // The innermost is in a system call: its address is the call's, as everywhere else.
  const Row row{tid, activation && !innermost ? pc : pc - 1};
  innermost = false;
  return ::write(fd, &row, sizeof row) == sizeof row ? DWARF_CB_OK : DWARF_CB_ABORT;
}

int write_thread(Dwfl_Thread* thread, void* fd) {
  std::tuple<int, pid_t, bool> out{*static_cast<int*>(fd), ::dwfl_thread_tid(thread), true};
  ::dwfl_thread_getframes(thread, &write_frame, &out);
  return DWARF_CB_OK;
}

int unwind_into(int fd, pid_t process) {
  static char* no_path = nullptr;
  static Dwfl_Callbacks callbacks{};
  callbacks.find_elf = &::dwfl_linux_proc_find_elf;
  callbacks.find_debuginfo = &::dwfl_standard_find_debuginfo;
  callbacks.debuginfo_path = &no_path;
  Dwfl* dwfl = ::dwfl_begin(&callbacks);
  if (dwfl == nullptr || ::dwfl_linux_proc_report(dwfl, process) != 0 || ::dwfl_report_end(dwfl, nullptr, nullptr) != 0) return 1;
  if (::dwfl_linux_proc_attach(dwfl, process, false) != 0) return 2;
  ::dwfl_getthreads(dwfl, &write_thread, &fd);
  ::dwfl_end(dwfl);
  return 0;
}

}  // namespace

std::map<pid_t, std::vector<std::uint64_t>> unwind_by_libdw(pid_t process, std::string& problem) {
  std::map<pid_t, std::vector<std::uint64_t>> stacks;
  int ends[2];
  if (::pipe(ends) != 0) return problem = "no pipe", stacks;
  ::unsetenv("DEBUGINFOD_URLS");  // it would go to the network
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::_exit(unwind_into(ends[1], process));
  }
  ::close(ends[1]);
  Row row;
  while (::read(ends[0], &row, sizeof row) == sizeof row) stacks[static_cast<pid_t>(row.tid)].push_back(row.address);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) problem = "can't attach (status " + std::to_string(WEXITSTATUS(status)) + ")";
  return stacks;
}

}  // namespace tailback
