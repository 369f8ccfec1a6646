#include "replay/sources/decompress.h"

#include <zstd.h>

#include <boost/iostreams/concepts.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace tailback::replay {
namespace {

namespace io = boost::iostreams;

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

Compression recognise_compression(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("\x1f\x8b\x08"sv)) return Compression::kGzip;
  if (head.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::kZstd;
  if (head.starts_with("\xfd\x37zXZ\x00"sv)) return Compression::kXz;
  // "BZh9", then the first block's magic number.
  if (head.size() >= 10 && head.starts_with("BZh"sv) && head[3] >= '1' && head[3] <= '9' && head.substr(4, 6) == "\x31\x41\x59\x26\x53\x59"sv) return Compression::kBzip2;
  return Compression::kNone;
}

std::string_view word(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return "gzip";
    case Compression::kZstd: return "zstd";
    case Compression::kXz: return "xz";
    case Compression::kBzip2: return "bzip2";
    case Compression::kNone: break;
  }
  return "plain";
}

/// Counts what goes into the decompressor and keeps the error that its source reports: Boost knows no Result.
struct Compressed {
  std::unique_ptr<ByteSource> source;
  std::uint64_t bytes = 0;
  bool ended = false;
  std::optional<Error> error;

  std::size_t read(std::span<char> into) {
    if (ended) return 0;
    const Result<std::size_t> got = source->read(into);
    if (!got.ok()) error = got.error();
    const std::size_t size = got.ok() ? got.value() : 0;
    ended = size == 0;
    bytes += size;
    return size;
  }
};

class CompressedDevice : public io::source {
 public:
  explicit CompressedDevice(Compressed& compressed) : compressed_(&compressed) {}
  std::streamsize read(char* into, std::streamsize size) {
    const std::size_t got = compressed_->read({into, static_cast<std::size_t>(size)});
    return got == 0 ? -1 : static_cast<std::streamsize>(got);
  }

 private:
  Compressed* compressed_;
};

/// The common part: limits, and the words of errors.
class Decompressor : public ByteSource {
 public:
  Decompressor(Compression compression, std::unique_ptr<ByteSource> source, std::string name, const DecompressLimits& limits)
      : compression_(compression), name_(std::move(name)), limits_(limits) {
    compressed_.source = std::move(source);
  }

  Result<std::size_t> read(std::span<char> into) final {
    if (failed_) return *failed_;
    Result<std::size_t> got = decompress(into);
    if (compressed_.error) return fail(*compressed_.error);
    if (!got.ok()) return fail(got.error());
    written_ += got.value();
    if (written_ > limits_.maximum_bytes || (written_ > limits_.bomb_bytes && written_ / limits_.bomb_ratio > compressed_.bytes)) {
      return fail({ErrorCode::kResourceExhausted, std::to_string(compressed_.bytes) + " bytes of " + std::string(word(compression_)) + " have grown to " +
                   std::to_string(written_) + ": taken for a decompression bomb", name_});
    }
    return got;
  }

 protected:
  virtual Result<std::size_t> decompress(std::span<char> into) = 0;

  Error damaged(std::string_view what) const {
    return {ErrorCode::kMalformed, std::string(word(compression_)) + " data " + std::string(what) + " after " + std::to_string(compressed_.bytes) +
            " bytes of it, " + std::to_string(written_) + " decompressed", name_};
  }

  Compressed compressed_;

 private:
  Error fail(Error error) {
    failed_ = error;
    return error;
  }

  const Compression compression_;
  const std::string name_;
  const DecompressLimits limits_;
  std::uint64_t written_ = 0;
  std::optional<Error> failed_;
};

class BoostDecompressor final : public Decompressor {
 public:
  BoostDecompressor(Compression compression, std::unique_ptr<ByteSource> source, std::string name, const DecompressLimits& limits)
      : Decompressor(compression, std::move(source), std::move(name), limits) {
    switch (compression) {
      case Compression::kXz: stream_.push(io::lzma_decompressor(), kBufferBytes); break;
      case Compression::kBzip2: stream_.push(io::bzip2_decompressor(), kBufferBytes); break;
      default: stream_.push(io::gzip_decompressor(), kBufferBytes);
    }
    stream_.push(CompressedDevice(compressed_), 65536);
  }

 private:
  Result<std::size_t> decompress(std::span<char> into) override {
    // One buffer at a time, so that the exception of a damaged file costs no more than one buffer of what came before.
    std::size_t size = 0;
    try {
      while (size < into.size()) {
        if (stream_.sgetc() == std::char_traits<char>::eof()) break;
        const auto available = std::min(stream_.in_avail(), static_cast<std::streamsize>(into.size() - size));
        size += static_cast<std::size_t>(stream_.sgetn(into.data() + size, available));
      }
    } catch (const std::exception&) {
      if (size == 0) return damaged(compressed_.ended ? "ends early" : "is damaged");
    }
    return size;
  }

  static constexpr std::streamsize kBufferBytes = 4096;
  io::filtering_streambuf<io::input> stream_;
};

class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor(std::unique_ptr<ByteSource> source, std::string name, const DecompressLimits& limits)
      : Decompressor(Compression::kZstd, std::move(source), std::move(name), limits), context_(ZSTD_createDCtx(), ZSTD_freeDCtx), buffer_(ZSTD_DStreamInSize()) {}

 private:
  Result<std::size_t> decompress(std::span<char> into) override {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0) {
      if (input_.pos == input_.size && !full_) {
        input_ = {buffer_.data(), compressed_.read(buffer_), 0};
        if (input_.size == 0) {
          if (in_frame_) return damaged("ends early");
          return std::size_t{0};
        }
      }
      const std::size_t hint = ZSTD_decompressStream(context_.get(), &out, &input_);
      if (ZSTD_isError(hint)) return damaged(std::string("is damaged (") + ZSTD_getErrorName(hint) + ")");
      in_frame_ = hint != 0;
      full_ = out.pos == out.size;  // there may be more in the context, without further input
    }
    return out.pos;
  }

  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
  std::vector<char> buffer_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  bool in_frame_ = false, full_ = false;
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
    std::unique_ptr<ByteSource> inner;
    if (compression == Compression::kZstd) inner = std::make_unique<ZstdDecompressor>(std::move(plain), name, limits);
    else inner = std::make_unique<BoostDecompressor>(compression, std::move(plain), name, limits);
    plain = std::make_unique<PeekableSource>(std::move(inner));
  }
}

}  // namespace tailback::replay
