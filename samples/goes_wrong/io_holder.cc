// A client holds the connection's lock across a read from a peer that has stopped answering.
#include <sys/socket.h>
#include <unistd.h>

#include <latch>
#include <mutex>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

std::latch request_sent(1);

class Connection {
 public:
  Connection() { (void)::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_); }

  [[gnu::noinline]] void call() {
    const std::lock_guard hold(mutex_);
    char answer[16];
    (void)!::write(ends_[0], "ping", 4);
    request_sent.count_down();
    (void)!::read(ends_[0], answer, sizeof answer);  // the peer, ends_[1], never writes
  }

  [[gnu::noinline]] void status() { const std::lock_guard hold(mutex_); }

 private:
  std::mutex mutex_;
  int ends_[2] = {-1, -1};
};

void start(std::size_t threads) {
  static Connection connection;
  spawn([] { connection.call(); });
  request_sent.wait();
  spawn_many(threads, [] { connection.status(); });
}

}  // namespace

const Scenario kIoHolder{"io_holder", "stalled_holder", "the lock's holder waits for a network peer", 20, start, nullptr};

}  // namespace goes_wrong
