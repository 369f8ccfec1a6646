#include "go_log.h"

#include <cstdio>

namespace tailback::testing {
namespace {

class Log {
 public:
  explicit Log(const GoLogOptions& options) : options_(options) {}

  std::string run() {
    line(0, "INFO segmentd starting");
    const int first_dump = 120;
    int seconds = 10;
    for (int dump = 1; dump <= options_.dumps; ++dump) {
      const int at = first_dump + 30 * (dump - 1);
      for (; seconds <= at; seconds += 10) sample(seconds);
      dump_at(at, options_.deadlock ? options_.writers * dump / options_.dumps : 0);
    }
    return text_;
  }

 private:
  void line(int seconds, const std::string& message) {
    char time[32];
    std::snprintf(time, sizeof time, " 09:%02d:%02d ", 30 + seconds / 60, seconds % 60);
    text_ += options_.day + time + message + "\n";
  }

  void sample(int seconds) {
    // Quiet for a hundred seconds.
    const int grown = options_.deadlock && seconds > 100 ? options_.writers * (seconds - 100) / (20 + 30 * (options_.dumps - 1)) : 0;
    line(seconds, "INFO goroutines=" + std::to_string(6 + grown) + " heap_sys_mb=63 heap_inuse_mb=" + std::to_string(2 + grown / 2));
  }

  void goroutine(const std::string& state) { text_ += "goroutine " + std::to_string(next_++) + " [" + state + "]:\n"; }
  void frame(const std::string& call, const std::string& place) { text_ += call + "\n\t" + place + "\n"; }
  std::string own(int line) const { return "/go/src/segmentd/main.go:" + std::to_string(line + options_.line_shift) + " +0x3e"; }

  /// Address of a word within the read-write mutex: w.sema at 4, writerSem at 8, readerSem at 12.
  std::string word_of_lock(unsigned offset) const {
    char text[32];
    std::snprintf(text, sizeof text, "0x%llx", std::stoull(options_.lock, nullptr, 16) + offset);
    return text;
  }

  void writer(bool front) {
    goroutine("semacquire, 1 minutes");
    frame("sync.runtime_SemacquireMutex(" + word_of_lock(front ? 0x8 : 0x4) + ", 0x0, 0x1)", "/usr/local/go/src/runtime/sema.go:71 +0x47");
    if (!front) {
      frame("sync.(*Mutex).lockSlow(" + options_.lock + ")", "/usr/local/go/src/sync/mutex.go:138 +0x105");
      frame("sync.(*Mutex).Lock(...)", "/usr/local/go/src/sync/mutex.go:81");
      frame("sync.(*RWMutex).Lock(" + options_.lock + ")", "/usr/local/go/src/sync/rwmutex.go:98 +0x90");
    } else {
      frame("sync.(*RWMutex).Lock(" + options_.lock + ")", "/usr/local/go/src/sync/rwmutex.go:103 +0xb1");
    }
    frame("main.(*HashSet).AddOne(" + options_.lock + ", 0xc000462010, 0x6)", own(41));
    frame("main.(*segmentCache).Get(0xc000130050, 0xc000462010, 0x6)", own(108));
    frame("created by net/rpc.(*Server).ServeCodec", "/usr/local/go/src/net/rpc/server.go:474 +0x445");
    text_ += "\n";
  }

  void reader() {
    goroutine("semacquire, 1 minutes");
    frame("sync.runtime_SemacquireMutex(" + word_of_lock(0xc) + ", 0x0, 0x0)", "/usr/local/go/src/runtime/sema.go:71 +0x47");
    frame("sync.(*RWMutex).RLock(...)", "/usr/local/go/src/sync/rwmutex.go:50");
    frame("main.(*HashSet).Size(" + options_.lock + ", 0x0)", own(55));
    frame("main.(*HashSet).Values(" + options_.lock + ", 0x0, 0x0, 0x0)", own(64));
    frame("main.(*segmentCache).refresh(0xc000130050, 0x2371c2afd9)", own(143));
    frame("created by main.main", own(402));
    text_ += "\n";
  }

  void worker() {
    goroutine("chan receive");
    frame("main.(*segmentCache).loadWorker(0xc000130050)", own(136));
    frame("created by main.main", own(391));
    text_ += "\n";
  }

  void dump_at(int seconds, int writers) {
    next_ = 1;
    line(seconds, "WARN too many goroutines, dumping all");
    goroutine("running");
    frame("main.dumpAll(0xc000010000)", own(20));
    frame("main.main()", own(400));
    text_ += "\n";
    for (int i = 0; i < 4; ++i) worker();
    if (options_.deadlock) {
      reader();
      writer(true);
      for (int i = 1; i < writers; ++i) writer(false);
    }
    line(seconds, "WARN end of dump");
  }

  const GoLogOptions& options_;
  std::string text_;
  int next_ = 1;
};

}  // namespace

std::string go_log(const GoLogOptions& options) { return Log(options).run(); }

}  // namespace tailback::testing
