// Python: threading, queue, concurrent.futures and asyncio, by function and file. The acquire of a lock is C code and has no frame of its own.
#include <algorithm>

#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {
namespace {

constexpr std::string_view kLibraryFiles[] = {"/threading.py", "/queue.py", "/concurrent/futures/", "/asyncio/", "/selectors.py", "/socket.py", "/ssl.py",
                                              "/socketserver.py", "/subprocess.py", "/multiprocessing/", "/http/", "/lib/python3", "<frozen "};
/// The same as py-spy writes them without --full-filenames: from the outermost package on.
constexpr std::string_view kShortFiles[] = {"threading.py", "queue.py", "selectors.py", "socket.py", "ssl.py", "socketserver.py", "subprocess.py", "sched.py", "runpy.py"};
constexpr std::string_view kPackages[] = {"concurrent/futures/", "asyncio/", "multiprocessing/", "http/", "logging/", "importlib/", "urllib/", "email/", "json/"};
/// What waits for results in concurrent.futures.
constexpr std::string_view kResults[] = {"result", "exception", "as_completed", "wait", "result_iterator", "_result_or_cancel"};
/// Outermost frames of any thread, known by name where paths are not there.
constexpr std::string_view kThreadStart[] = {"_bootstrap", "_bootstrap_inner", "_worker"};

/// Code of a function that has a frame of its own up to Python 3.11: the function itself is the next frame out.
constexpr std::string_view kComprehensions[] = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"};

bool library(std::string_view function, std::string_view file, std::string_view) {
  if (std::find(std::begin(kComprehensions), std::end(kComprehensions), function) != std::end(kComprehensions)) return true;
  for (const std::string_view name : kThreadStart) {
    if (function == name) return true;
  }
  if (file.find("site-packages") != std::string_view::npos) return false;
  return contains_any(file, kLibraryFiles) || starts_with_any(file, kPackages) || std::find(std::begin(kShortFiles), std::end(kShortFiles), file) != std::end(kShortFiles);
}

WaitSite read(const ThreadView& thread, const ThreadRecord& record, std::string_view) {
  WaitSite site;
  std::size_t own = 0;
  while (own < thread.size() && library(thread.function(own), thread.file(own), {})) ++own;
  const auto waits_for_results = [&] {
    for (std::size_t i = 0; i < own; ++i) {
      const std::string_view function = thread.function(i);
      if (thread.file(i).find("concurrent/futures/_base.py") != std::string_view::npos && std::find(std::begin(kResults), std::end(kResults), function) != std::end(kResults)) return true;
    }
    return false;
  };
  const auto called = [&](std::string_view name, std::size_t within) {
    for (std::size_t i = 0; i < within && i < thread.size(); ++i) {
      if (thread.function(i) == name) return true;
    }
    return false;
  };
  // Names alone are enough only where two of them agree: "wait" under "result" is Future.result, wherever its file went.
  const std::size_t near = std::max<std::size_t>(own, 2);
  if (called("wait", 1) && thread.function(1) == "result") {
    site.activity.kind = ActivityKind::kFuture;
    site.lock = LockKind::kFuture;
    own = std::max<std::size_t>(own, 2);
  } else if ((called("result", near) && own > 0) || waits_for_results()) {
    site.activity.kind = ActivityKind::kFuture;
    site.lock = LockKind::kFuture;
  } else if (own > 0 && (called("_wait_for_tstate_lock", own) || called("join", own))) {
    site.activity.kind = ActivityKind::kJoin;
  } else if (own > 0 && called("get", own)) {
    site.activity.kind = ActivityKind::kChannelReceive;
  } else if (own > 0 && called("put", own)) {
    site.activity.kind = ActivityKind::kChannelSend;
  } else if (own > 1 && thread.function(own - 1) == "acquire" && called("wait", own - 1)) {  // a Semaphore is built on a Condition
    site.activity.kind = ActivityKind::kSemaphore;
    site.lock = LockKind::kSemaphore;
  } else if (own > 0 && called("acquire", own)) {
    site.activity.kind = ActivityKind::kLock;
    site.lock = LockKind::kMutex;
  } else if (own > 1 && thread.function(own - 1) == "wait" && called("_wait", own - 1)) {
    site.activity.kind = ActivityKind::kWaitGroup;  // a Barrier
  } else if (own > 0 && (called("wait", own) || called("wait_for", own))) {
    site.activity.kind = ActivityKind::kCondition;
  } else if (own > 0 && (called("select", own) || called("accept", own) || called("recv_into", own) || called("readinto", own) ||
                         called("recv", own) || called("_try_wait", own))) {
    site.activity.kind = ActivityKind::kIo;
  } else if (record.state == ThreadState::kRunning) {
    site.activity.kind = ActivityKind::kRunning;
  } else if (record.state == ThreadState::kIdle) {
    site.activity.kind = ActivityKind::kIdle;
  }
  site.activity.wait_frame = static_cast<std::uint16_t>(own == 0 ? 0 : own - 1);
  return site;
}

std::uint64_t lock_address(const ThreadView&, const WaitSite&) { return 0; }
Receiver receiver(const ThreadView&, std::size_t) { return {}; }

}  // namespace

const RuntimeRules kPythonRules{Runtime::kPython, read, lock_address, nullptr, receiver, library};

}  // namespace tailback::analyze
