// Each request starts a thread that waits for an answer which a timed-out caller no longer sends: one group, growing for ever.
#include <semaphore.h>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

struct Reply {
  Reply() { sem_init(&arrived, 0, 0); }
  sem_t arrived;
};

[[gnu::noinline]] void await_reply(Reply* reply) {
  while (sem_wait(&reply->arrived) != 0) {
  }
  delete reply;
}

void handle_request() {
  auto* reply = new Reply;
  spawn([reply] { await_reply(reply); });
}

void start(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) handle_request();
}

void tick() {
  for (int i = 0; i < 10; ++i) handle_request();
}

}  // namespace

const Scenario kLeak{"leak", "leak", "each request leaves a thread behind that nobody will wake", 20, start, tick};

}  // namespace goes_wrong
