// Incident files from hostile hands: any bytes are read or refused, and never crash the reader.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/incident/incident_reader.h"
#include "runtime/incident/signature_store.h"

namespace {

/// One file for all inputs; SQLite resolves links, so it can't be a descriptor without a name.
class InputFile {
 public:
  InputFile() : fd_(::mkstemp(path_)) {}
  ~InputFile() {
    ::close(fd_);
    ::unlink(path_);
  }
  bool write(const std::uint8_t* data, std::size_t size) {
    return ::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size);
  }
  [[nodiscard]] const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/incident_fuzz.XXXXXX";
  int fd_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static InputFile file;
  if (!file.write(data, size)) return 0;
  tailback::RecordingCollector collector;
  const auto result = tailback::read_incident(file.path(), collector);
  if (!result && (result.error().message.empty() || result.error().to_string().find('\n') != std::string::npos)) __builtin_trap();
  static_cast<void>(tailback::read_signatures(file.path()));
  return 0;
}
