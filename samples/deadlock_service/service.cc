#include "samples/deadlock_service/service.h"

#include <poll.h>
#include <tailback/task_scope.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace deadlock_service {

using namespace std::chrono_literals;

[[gnu::noinline]] std::string Cache::get(const std::string& key) {
  if (const auto value = values_.get(key)) return *value;
  keys_.AddOne(key);
  return {};
}

void Cache::load(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) static_cast<void>(values_.get(key));
}

Service::Service(const ServiceOptions& options)
    : options_(options), stacks_(options.requests + options.bystanders + 1), keys_(options.fixed, options.instrumented), cache_(keys_) {}

void Service::start_bystanders() {
  for (std::size_t i = 0; i < options_.bystanders; ++i) {
    stacks_.spawn([this, i] {
      switch (i % 3) {
        case 0: {  // a worker without work
          std::unique_lock hold(idle_mutex_);
          idle_.wait(hold, [] { return false; });
          break;
        }
        case 1: {  // a poller
          const int fd = ::epoll_create1(EPOLL_CLOEXEC);
          epoll_event event;
          while (true) (void)::epoll_wait(fd, &event, 1, -1);
        }
        default:  // a timer
          while (true) std::this_thread::sleep_for(1h);
      }
    });
  }
}

/// Called in the middle of the walk, with the read lock held: the walk of the real service took long enough for a writer to come; this
/// one waits until a writer has come, which makes it certain.
[[gnu::noinline]] void Service::walk() {
  if (options_.fixed || options_.lucky || minutes_ < 2) return;
  while (!keys_.writer_waits()) std::this_thread::sleep_for(1ms);
}

[[gnu::noinline]] void Service::refresh_for_ever() {
  const tailback::task_scope task("refresher");
  while (true) {
    if (options_.lucky && minutes_ == 2) std::this_thread::sleep_for(24h);  // no walk while requests arrive
    ++minutes_;
    cache_.load(keys_.Values([this] { walk(); }));
    std::this_thread::sleep_for(options_.minute);
  }
}

[[gnu::noinline]] void Service::handle_request(std::size_t number) {
  const tailback::task_scope task("GET /user");
  (void)cache_.get("user:" + std::to_string(number));
}

std::size_t Service::run() {
  start_bystanders();
  stacks_.spawn([this] { refresh_for_ever(); });
  while (minutes_ < 2) std::this_thread::sleep_for(1ms);  // the first minute is a calm one

  // Requests arrive in a hundred waves. The first of them is the writer for which the refresher waits.
  constexpr std::size_t kWaves = 100;
  std::size_t started = 0;
  for (std::size_t wave = 1; wave <= kWaves; ++wave) {
    const std::size_t due = options_.requests * wave / kWaves;
    for (; started < due; ++started) {
      if (!stacks_.spawn([this, started] { handle_request(started); })) return started;
    }
    std::this_thread::sleep_for(options_.ramp / kWaves);
  }
  return started;
}

}  // namespace deadlock_service
