#include "analyze/cli/incident_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/incident/incident_reader.h"
#include "runtime/incident/open.h"

namespace tailback::cli {
namespace {

/// The process that has the database open, as a recorder does for as long as it records; 0: none.
/// Source: sqlite3's os_unix.c: in WAL mode, each connection holds a shared lock on these bytes of the file until it is closed.
pid_t user_of(const std::string& path) {
  constexpr off_t kSharedFirst = 0x40000002, kSharedSize = 510;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kSharedFirst;
  lock.l_len = kSharedSize;
  const bool asked = ::fcntl(descriptor, F_GETLK, &lock) == 0;
  ::close(descriptor);
  return asked && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

std::string name_of(pid_t process) {
  std::string name;
  std::getline(std::ifstream("/proc/" + std::to_string(process) + "/comm"), name);
  return name.empty() ? "" : " (" + name + ")";
}

Result<void> check_unused(const std::string& path) {
  const pid_t user = user_of(path);
  if (user == 0) return {};
  // Another machine's or another container's process has no id here.
  const std::string who = user > 0 ? "process " + std::to_string(user) + name_of(user) : std::string("a process");
  return Error{ErrorCode::kInvalidArgument, who + " has it open and may be recording into it; wait until it has ended, or name another file", path};
}

}  // namespace

Result<void> check_incident_target(const std::string& path, Existing existing) {
  if (path == "-") return Error{ErrorCode::kInvalidArgument, "an incident file is a database, and can't go to standard output; name a file", "-o -"};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  if (existing == Existing::kRefuse) return Error{ErrorCode::kInvalidArgument, "exists already; --append adds a recording to it, --force replaces it", path};
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalidArgument, "is no regular file", path};
  return check_unused(path);
}

Result<std::size_t> copy_to_append(const std::string& path, const std::string& copy) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return std::size_t{0};
  if (std::filesystem::exists(path + "-wal", failed)) {
    // Takes the log into the file, deletes it, and makes the file one that needs none, as a recorder does at its end.
    Result<Database> database = open_incident_to_write(path);
    if (!database.ok()) return database.error();
    if (Result<void> done = database->execute("PRAGMA journal_mode=DELETE"); !done.ok()) return done.error();
  }
  RecordingCollector old;
  if (Result<void> read = read_incident(path, old); !read.ok()) return read.error();
  std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing, failed);
  if (failed) return Error{ErrorCode::kIo, "can't be copied to add to it: " + failed.message(), path};
  return old.take().size();
}

}  // namespace tailback::cli
