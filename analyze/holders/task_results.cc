#include "analyze/holders/task_results.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "analyze/classify/thread_view.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

/// javac names a closure after the method it stands in, of whatever depth: "Catalogue.total" of "Catalogue.lambda$total$0"; empty: it is none.
std::string method_of_lambda(std::string_view function) {
  constexpr std::string_view kLambda = ".lambda$";
  const std::size_t at = function.find(kLambda);
  const std::size_t number = function.rfind('$');
  if (at == std::string_view::npos || number <= at + kLambda.size()) return {};
  return std::string(function.substr(0, at)) + "." + std::string(function.substr(at + kLambda.size(), number - at - kLambda.size()));
}

struct Worker {
  ThreadIndex thread;
  std::uint16_t frame = 0;       ///< of the closure
  const Wait* wait = nullptr;    ///< null: it waits for nothing that is on record
};

class TaskResults {
 public:
  TaskResults(Recording& recording, Dump& dump, const std::vector<Activity>& activities) : recording_(recording), dump_(dump), wait_of_(dump.threads.size(), nullptr) {
    for (const Wait& wait : dump.waits) {
      if (wait.thread.index < wait_of_.size() && wait_of_[wait.thread.index] == nullptr) wait_of_[wait.thread.index] = &wait;
    }
    for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
      if (activities[i].kind == ActivityKind::kFuture && wait_of_[i] != nullptr && dump.locks[wait_of_[i]->lock.index].kind == LockKind::kFuture) waiting_.push_back({{i}, activities[i].own_frame, wait_of_[i]});
      else if (activities[i].kind != ActivityKind::kIdle) add_worker({i});
    }
  }

  void run() {
    for (const Worker& waiting : waiting_) {
      const ThreadView view(recording_.table, dump_.threads[waiting.thread.index]);
      const std::string_view function = view.function(waiting.frame);
      const std::string method = method_of_lambda(function);
      const auto found = workers_.find(method.empty() ? std::string(function) : method);
      if (found != workers_.end() && !held(waiting.wait->lock)) bind(waiting.wait->lock, function, found->second);
    }
  }

 private:
  /// A closure is a task where the library calls it.
  void add_worker(ThreadIndex thread) {
    const ThreadView view(recording_.table, dump_.threads[thread.index]);
    for (std::size_t i = 0; i + 1 < view.size(); ++i) {
      const std::string method = method_of_lambda(view.function(i));
      if (method.empty()) continue;
      const bool task = std::any_of(kTasks.begin(), kTasks.end(), [&](std::string_view call) {
        for (std::size_t k = i + 1; k < view.size() && k <= i + kNear; ++k) {
          if (view.function(k).starts_with(call)) return true;
        }
        return false;
      });
      if (task) workers_[method].push_back({thread, static_cast<std::uint16_t>(i), wait_of_[thread.index]});
    }
  }

  [[nodiscard]] bool held(LockId lock) const {
    return dump_.locks[lock.index].owner_not_identified() || std::any_of(dump_.holds.begin(), dump_.holds.end(), [lock](const Hold& hold) { return hold.lock == lock; });
  }

  /// Of several that run such a closure any may be the one; where all wait for the same lock, it is all the same which.
  void bind(LockId result, std::string_view function, const std::vector<Worker>& workers) {
    const Worker& first = workers.front();
    const bool alike = std::all_of(workers.begin(), workers.end(), [&](const Worker& worker) {
      return worker.thread == first.thread || (worker.wait != nullptr && first.wait != nullptr && worker.wait->lock == first.wait->lock);
    });
    if (!alike) return;
    const ThreadView view(recording_.table, dump_.threads[first.thread.index]);
    Hold hold;
    hold.thread = first.thread;
    hold.lock = result;
    hold.basis = Basis::kInferred;
    hold.frame = first.frame;
    hold.strength = 2;
    hold.evidence = recording_.table.intern("it runs " + short_function(view.function(first.frame), recording_.info.runtime) + ", a closure of " +
                                            short_function(function, recording_.info.runtime) + ", which waits for a result");
    dump_.holds.push_back(hold);
  }

  static constexpr std::array<std::string_view, 5> kTasks = {"java.util.concurrent.FutureTask.run", "java.util.concurrent.CompletableFuture$", "java.util.concurrent.ForkJoinTask",
                                                             "java.util.concurrent.ThreadPoolExecutor", "java.util.concurrent.Executors$RunnableAdapter"};
  static constexpr std::size_t kNear = 4;   ///< frames of generated classes and adapters between a closure and the call of a task

  Recording& recording_;
  Dump& dump_;
  std::vector<const Wait*> wait_of_;
  std::vector<Worker> waiting_;
  std::map<std::string, std::vector<Worker>> workers_;   ///< by the method whose closure they run
};

}  // namespace

void bind_task_results(Recording& recording, Dump& dump, const std::vector<Activity>& activities) {
  if (recording.info.runtime == Runtime::kJava) TaskResults(recording, dump, activities).run();
}

}  // namespace tailback::analyze
