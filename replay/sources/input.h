// Bytes from outside: a file, a pipe, standard input; decompressed on the way (decompress.h).
//
// Nothing here holds more than a block: files may be larger than memory, and pipes never end.
// Errors: the context is the input's name; the message says what was wrong in one line.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tailback/result.h>

namespace tailback::replay {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills `into` from its beginning; how many bytes came, at least one unless the input has ended (then 0).
  virtual Result<std::size_t> read(std::span<char> into) = 0;
};

/// "-": standard input. Directories, missing and unreadable files are errors. Once `stop` is true, reads end with an error, "interrupted",
/// within 50 ms, also those that wait for a pipe.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file(const std::string& path, const std::atomic<bool>* stop = nullptr);

/// What to call the input in messages.
[[nodiscard]] std::string input_name(const std::string& path);

/// A source whose first bytes can be looked at before they are read.
class PeekableSource final : public ByteSource {
 public:
  explicit PeekableSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  /// The first bytes that are yet to be read: `size` of them, fewer where the input ends before. Valid until the next call.
  Result<std::string_view> peek(std::size_t size);
  Result<std::size_t> read(std::span<char> into) override;
  /// True when nothing stands between this and `source`.
  [[nodiscard]] bool wraps(const ByteSource* source) const { return source_.get() == source; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string ahead_;
  std::size_t at_ = 0;  ///< where what is unread of ahead_ begins
};

}  // namespace tailback::replay
