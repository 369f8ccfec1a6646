#include "replay/sources/decompress.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "replay/sources/codec.h"

namespace tailback::replay {
namespace {

/// Members of one compression, one after the other, within the limits.
class Decompressor final : public ByteSource {
 public:
  Decompressor(Compression compression, std::unique_ptr<ByteSource> source, std::string name, const DecompressLimits& limits)
      : compression_(compression), codec_(make_codec(compression)), source_(std::move(source)), name_(std::move(name)), limits_(limits), buffer_(64 << 10) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (failed_) return *failed_;
    std::size_t size = decompress(into);
    written_ += size;
    if (written_ > limits_.maximum_bytes || (written_ > limits_.bomb_bytes && written_ / limits_.bomb_ratio > taken_)) {
      const std::uint64_t beyond = written_ - std::min(written_, limits_.maximum_bytes);
      size -= beyond;
      written_ -= beyond;
      failed_ = error_that("has grown to " + std::to_string(written_) + " bytes", ErrorCode::kResourceExhausted, ": taken for a decompression bomb");
    }
    // What came before the failure goes first.
    if (size == 0 && failed_) return *failed_;
    return size;
  }

 private:
  /// At least one byte, unless the input has ended or failed_ is set.
  std::size_t decompress(std::span<char> into) {
    std::span<char> out = into;
    while (!failed_ && out.size() == into.size()) {
      if (input_.empty() && !ended_) refill();
      if (!in_member_ && !begin_member()) {
        if (ended_) return 0;
        continue;
      }
      const Codec::Step step = codec_->step(input_, out, ended_);
      in_member_ = step == Codec::Step::kGoing;
      if (step == Codec::Step::kDamaged) fail_as("is damaged" + (codec_->error().empty() ? "" : " (" + codec_->error() + ")"));
      else if (in_member_ && ended_ && input_.empty() && out.size() == into.size()) fail_as("ends early");
    }
    return into.size() - out.size();
  }

  /// False where there is no more input, yet or at all.
  bool begin_member() {
    while (!input_.empty() && input_.front() == '\0') input_ = input_.subspan(1);  // padding, of xz by its format, of gzip by tapes
    if (input_.empty()) return false;
    codec_->restart();
    return in_member_ = true;
  }

  void refill() {
    const Result<std::size_t> got = source_->read(buffer_);
    if (!got.ok()) failed_ = got.error();
    const std::size_t size = got.ok() ? got.value() : 0;
    ended_ = size == 0;
    taken_ += size;
    input_ = std::span<const char>(buffer_).first(size);
  }

  void fail_as(const std::string& what) {
    if (failed_) return;  // the source's own failure says more
    failed_ = error_that(what, ErrorCode::kMalformed, "");
  }

  [[nodiscard]] Error error_that(const std::string& what, ErrorCode code, const char* conclusion) const {
    return {code, std::string(word(compression_)) + " data " + what + " after " + std::to_string(taken_ - input_.size()) + " bytes of it" + conclusion, name_};
  }

  const Compression compression_;
  const std::unique_ptr<Codec> codec_;
  const std::unique_ptr<ByteSource> source_;
  const std::string name_;
  const DecompressLimits limits_;
  std::vector<char> buffer_;
  std::span<const char> input_;              ///< of buffer_, what is not decoded yet
  std::uint64_t taken_ = 0, written_ = 0;
  bool ended_ = false, in_member_ = false;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::unique_ptr<PeekableSource>> decompress(std::unique_ptr<ByteSource> source, const std::string& name, const DecompressLimits& limits) {
  static constexpr int kMostLayers = 3;  // a profile that was gzipped again by whoever archived it
  auto plain = std::make_unique<PeekableSource>(std::move(source));
  for (int layer = 0;; ++layer) {
    const Result<std::string_view> head = plain->peek(10);
    if (!head.ok()) return head.error();
    const Compression compression = recognise_compression(head.value());
    if (compression == Compression::kNone) return plain;
    if (layer == kMostLayers) return Error{ErrorCode::kUnsupported, "is compressed more than " + std::to_string(kMostLayers) + " times", name};
    plain = std::make_unique<PeekableSource>(std::make_unique<Decompressor>(compression, std::move(plain), name, limits));
  }
}

}  // namespace tailback::replay
