#include "replay/sources/codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <climits>
#include <new>

namespace tailback::replay {
namespace {

/// Takes off both ends what a library says to have left.
void advance(std::span<const char>& in, std::span<char>& out, std::size_t in_left, std::size_t out_left) {
  in = in.last(in_left);
  out = out.last(out_left);
}

/// zlib and bzip2 count in unsigned int; a step may take less than all.
unsigned int as_uint(std::size_t size) { return static_cast<unsigned int>(std::min<std::size_t>(size, INT_MAX)); }

class Gzip final : public Codec {
 public:
  Gzip() {
    constexpr int kGzipWithAnyWindow = 15 + 16;  // zlib.h, inflateInit2
    if (inflateInit2(&stream_, kGzipWithAnyWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Step step(std::span<const char>& in, std::span<char>& out, bool) override {
    const unsigned int input = as_uint(in.size()), output = as_uint(out.size());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = input;
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = output;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    advance(in, out, in.size() - (input - stream_.avail_in), out.size() - (output - stream_.avail_out));
    if (code == Z_STREAM_END) return Step::kMemberEnd;
    return code == Z_OK || code == Z_BUF_ERROR ? Step::kGoing : damaged(stream_.msg);
  }
  void restart() override { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

class Bzip2 final : public Codec {
 public:
  ~Bzip2() override { BZ2_bzDecompressEnd(&stream_); }
  Bzip2() = default;
  Bzip2(const Bzip2&) = delete;
  Bzip2& operator=(const Bzip2&) = delete;

  Step step(std::span<const char>& in, std::span<char>& out, bool) override {
    // What a call gave out before it came upon the end of a block too early, it does not count (unRLE_obuf_to_output_FAST): so it gets little room.
    constexpr std::size_t kRoom = 64;
    for (;;) {
      const unsigned int input = as_uint(in.size()), output = as_uint(std::min(out.size(), kRoom));
      stream_.next_in = const_cast<char*>(in.data());
      stream_.avail_in = input;
      stream_.next_out = out.data();
      stream_.avail_out = output;
      const int code = BZ2_bzDecompress(&stream_);
      advance(in, out, in.size() - (input - stream_.avail_in), out.size() - (output - stream_.avail_out));
      if (code == BZ_STREAM_END) return Step::kMemberEnd;
      if (code != BZ_OK) return damaged(nullptr);
      if (stream_.avail_out > 0 || out.empty()) return Step::kGoing;
    }
  }
  void restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
  }

 private:
  bz_stream stream_{};
};

class Xz final : public Codec {
 public:
  Xz() = default;
  ~Xz() override { lzma_end(&stream_); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;

  Step step(std::span<const char>& in, std::span<char>& out, bool at_end) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret code = lzma_code(&stream_, at_end ? LZMA_FINISH : LZMA_RUN);
    advance(in, out, stream_.avail_in, stream_.avail_out);
    switch (code) {
      case LZMA_STREAM_END: return Step::kMemberEnd;
      case LZMA_OK: case LZMA_BUF_ERROR: return Step::kGoing;
      case LZMA_MEMLIMIT_ERROR: return damaged("it asks for more than 256 MiB of memory");
      default: return damaged(nullptr);
    }
  }
  void restart() override {
    constexpr std::uint64_t kMemory = std::uint64_t{256} << 20;  // xz -9 needs 65 MiB; what asks for gigabytes means harm
    if (lzma_stream_decoder(&stream_, kMemory, 0) != LZMA_OK) throw std::bad_alloc();
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class Zstd final : public Codec {
 public:
  Zstd() : context_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (!context_) throw std::bad_alloc();
  }
  Step step(std::span<const char>& in, std::span<char>& out, bool) override {
    // What a call gave out before it came upon a damage, it does not count: so it gets one block, without the next one's header, and none while
    // it gives out what it has decoded.
    ZSTD_inBuffer input{in.data(), gives_out_ ? 0 : std::min(in.size(), wanted_), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t hint = ZSTD_decompressStream(context_.get(), &output, &input);
    advance(in, out, in.size() - input.pos, out.size() - output.pos);
    if (ZSTD_isError(hint)) return damaged(ZSTD_getErrorName(hint));
    wanted_ = hint > kBlockHeader ? hint - kBlockHeader : hint;  // within a block the library asks for the header behind it too
    gives_out_ = output.pos == output.size;
    return hint == 0 ? Step::kMemberEnd : Step::kGoing;
  }
  void restart() override {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    wanted_ = kLeastHeader;
    gives_out_ = false;
  }

 private:
  static constexpr std::size_t kBlockHeader = 3;
  static constexpr std::size_t kLeastHeader = 5;  ///< what ZSTD_initDStream() asks for: the magic number and a byte
  std::size_t wanted_ = kLeastHeader;
  bool gives_out_ = false;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context_;
};

}  // namespace

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

std::unique_ptr<Codec> make_codec(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return std::make_unique<Gzip>();
    case Compression::kZstd: return std::make_unique<Zstd>();
    case Compression::kXz: return std::make_unique<Xz>();
    case Compression::kBzip2: return std::make_unique<Bzip2>();
    case Compression::kNone: break;
  }
  return nullptr;
}

}  // namespace tailback::replay
