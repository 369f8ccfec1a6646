#include "runtime/metrics/async_probe.h"

#include <atomic>
#include <mutex>
#include <semaphore>

#include "runtime/metrics/helper_thread.h"

namespace tailback {

struct AsyncProbe::Shared {
  Shared(std::unique_ptr<Reader> reader_, ProbeOptions options_, const Clock& clock_)
      : reader(std::move(reader_)), options(options_), clock(clock_) {}

  std::unique_ptr<Reader> reader;
  ProbeOptions options;
  const Clock& clock;
  std::counting_semaphore<> wake{0};
  std::atomic<bool> stopping{false};

  mutable std::mutex mutex;  // guards what follows; never held while the reader runs
  bool asked = false;
  std::int64_t asked_ns = 0, next_ns = 0;
  Answer last;
  std::int64_t read_ns = 0;

  void run() {
    for (;;) {
      wake.acquire();
      if (stopping.load()) return;
      Values values{};
      const std::int64_t begin = clock.mono_ns();
      reader->read(values);
      const std::int64_t end = clock.mono_ns();
      const std::lock_guard guard(mutex);
      const std::int64_t took = end - begin;
      last.values = values;
      last.have_values = true;
      last.last_duration_ns = took;
      read_ns = end;
      next_ns = end + took * (took > options.stall_limit_ns ? 1000 : 100);
      asked = false;
    }
  }
};

std::unique_ptr<AsyncProbe> AsyncProbe::start(const char* thread_name, std::unique_ptr<Reader> reader, ProbeOptions options,
                                              const Clock& clock) {
  auto shared = std::make_shared<Shared>(std::move(reader), options, clock);
  // The thread holds a share of its own: one that hangs for ever keeps what it uses.
  if (!start_detached_thread(thread_name, [shared] { shared->run(); })) return nullptr;
  return std::unique_ptr<AsyncProbe>(new AsyncProbe(std::move(shared)));
}

AsyncProbe::~AsyncProbe() {
  shared_->stopping.store(true);
  shared_->wake.release();
}

void AsyncProbe::ask() {
  const std::int64_t now = shared_->clock.mono_ns();
  {
    const std::lock_guard guard(shared_->mutex);
    if (shared_->asked || now < shared_->next_ns) return;
    shared_->asked = true;
    shared_->asked_ns = now;
  }
  shared_->wake.release();
}

AsyncProbe::Answer AsyncProbe::answer() const {
  const std::int64_t now = shared_->clock.mono_ns();
  const std::lock_guard guard(shared_->mutex);
  Answer answer = shared_->last;
  answer.age_ns = answer.have_values ? std::max<std::int64_t>(0, now - shared_->read_ns) : 0;
  answer.overdue = shared_->asked && now - shared_->asked_ns > shared_->options.deadline_ns;
  return answer;
}

}  // namespace tailback
