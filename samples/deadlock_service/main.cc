// deadlock_service: the incident's C++ twin.
//
// A service that goes wrong the way the modelled one did, every time, or (with --fixed) doesn't. Its threads number N in the end, 64 of them
// innocent; the rest handle one request each and stand in HashSet::AddOne().
#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "samples/deadlock_service/service.h"

namespace {

constexpr std::size_t kInnocent = 64;  // refresher, bystanders, main and recorder

struct Options {
  std::size_t threads = 2000;
  bool fixed = false;
};

int usage(const char* why) {
  std::fprintf(stderr, "deadlock_service: %s\nusage: deadlock_service [--threads N] [--fixed]\n", why);
  return 2;
}

std::size_t threads_now() {
  std::size_t count = 0;
  if (DIR* folder = ::opendir("/proc/self/task")) {
    while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
    ::closedir(folder);
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--threads") && i + 1 < argc) options.threads = std::strtoul(argv[++i], nullptr, 10);
    else if (!std::strcmp(argv[i], "--fixed")) options.fixed = true;
    else return usage((std::string("what is ") + argv[i] + "?").c_str());
  }
  if (options.threads <= kInnocent) return usage("--threads must be more than 64");
  if (const std::string missing = deadlock_service::missing_for(options.threads); !missing.empty()) {
    std::fprintf(stderr, "deadlock_service: this machine does not allow %zu threads:\n%s", options.threads, missing.c_str());
    return 3;
  }
  deadlock_service::ServiceOptions service_options;
  service_options.fixed = options.fixed;
  service_options.requests = options.threads - kInnocent;
  service_options.bystanders = kInnocent - 1 - threads_now();
  deadlock_service::Service service(service_options);
  const std::size_t started = service.run();
  std::printf("deadlock_service: %zu of %zu requests have arrived; %zu threads; pid %d\n", started, service_options.requests, threads_now(), int(::getpid()));
  std::fflush(stdout);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  ::_exit(0);
}
