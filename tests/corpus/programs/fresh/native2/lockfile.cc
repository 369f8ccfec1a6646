// truth: {"kind":["stalled_holder"],"waiting":["save","list"],"holder":["save","lock_file"]}
// A store takes a file lock under its mutex; the file is locked through another descriptor.
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <vector>

class FileStore {
 public:
  explicit FileStore(std::string path) : path_(std::move(path)) {}
  void save(int record) {
    std::unique_lock<std::mutex> lock(mutex_);
    int fd = lock_file();
    dprintf(fd, "%d\n", record);
    close(fd);
  }
  int list() {
    std::unique_lock<std::mutex> lock(mutex_);
    return static_cast<int>(path_.size());
  }

 private:
  int lock_file() {
    int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    flock(fd, LOCK_EX);
    return fd;
  }
  std::mutex mutex_;
  std::string path_;
};

int main() {
  char path[] = "/tmp/fresh-lock-XXXXXX";
  int backup = mkstemp(path);
  flock(backup, LOCK_EX);
  FileStore store(path);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&, i] { store.save(i); });
  threads.emplace_back([&] { store.list(); });
  usleep(300000);
  unlink(path);
  for (auto& thread : threads) thread.join();
}
