// A schedule of any bytes: read, and where it is one, written and read back.
#include <tailback/schedule.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plan = tailback::schedule::parse({reinterpret_cast<const char*>(data), size}, "fuzz.schedule");
  if (!plan.ok()) return 0;
  const std::string written = plan->text();
  const auto again = tailback::schedule::parse(written, "written.schedule");
  if (!again.ok() || again->text() != written) std::abort();
  return 0;
}
