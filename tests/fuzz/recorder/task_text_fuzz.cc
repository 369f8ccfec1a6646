// What the kernel says of a thread, /proc/PID/task/TID/syscall and status, cut off or of another version.
#include <cstdint>

#include "runtime/capture/task_directory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const char* const text = reinterpret_cast<const char*>(data);
  (void)tailback::parse_system_call(text, size);
  (void)tailback::parse_status(text, size);
  return 0;
}
