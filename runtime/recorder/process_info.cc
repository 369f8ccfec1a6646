#include "runtime/recorder/process_info.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/metrics/clock.h"
#include "runtime/metrics/proc_file.h"

namespace tailback {

const std::string_view kTailbackVersion = TAILBACK_VERSION;

RecordingInfo process_info(const RecorderOptions& options) {
  RecordingInfo info;
  info.source = "live";
  info.runtime = Runtime::kNative;
  info.instance = options.instance;
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) == 0) info.host = host;
  // "shop\0--port\08080\0"
  info.command = read_whole_file("/proc/self/cmdline", 4096);
  while (!info.command.empty() && info.command.back() == '\0') info.command.pop_back();
  std::replace(info.command.begin(), info.command.end(), '\0', ' ');
  info.version = options.version;
  info.pid = ::getpid();
  info.started_wall_ns = system_clock().wall_ns();
  return info;
}

}  // namespace tailback
