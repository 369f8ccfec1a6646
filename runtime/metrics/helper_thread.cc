#include "runtime/metrics/helper_thread.h"

#include <pthread.h>
#include <signal.h>

#include <memory>

namespace tailback {
namespace {

// SQLite and the symbol reader run on these threads; half a megabyte is four times what they were seen to use.
constexpr std::size_t kStackBytes = 512 * 1024;

struct Start {
  const char* name;
  std::function<void()> body;
};

void* run(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  ::pthread_setname_np(::pthread_self(), start->name);
  start->body();
  return nullptr;
}

}  // namespace

bool start_detached_thread(const char* name, std::function<void()> body) {
  auto owned = std::make_unique<Start>(Start{name, std::move(body)});
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  // The mask is inherited, so it is set here, before the thread exists.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  const int failed = ::pthread_create(&thread, &attributes, run, owned.get());
  if (failed == 0) owned.release();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  return failed == 0;
}

}  // namespace tailback
