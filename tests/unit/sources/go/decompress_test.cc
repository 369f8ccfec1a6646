#include "replay/sources/decompress.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>

#include <algorithm>
#include <cstring>
#include <random>

#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::HasSubstr;
namespace io = boost::iostreams;

class Bytes final : public ByteSource {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min({into.size(), bytes_.size() - at_, std::size_t{777}});  // short reads, as from a pipe
    std::memcpy(into.data(), bytes_.data() + at_, size);
    at_ += size;
    return size;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

template <class Filter>
std::string compressed(const std::string& text) {
  std::string out;
  io::filtering_ostream stream;
  stream.push(Filter());
  stream.push(io::back_inserter(out));
  stream << text;
  stream.reset();
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

struct Outcome {
  std::string text, error;
};

Outcome decompressed(std::string bytes, DecompressLimits limits = {}, std::size_t at_a_time = 5000) {
  Outcome outcome;
  auto source = decompress(std::make_unique<Bytes>(std::move(bytes)), "input", limits);
  if (!source.ok()) return {"", source.error().to_string()};
  std::vector<char> block(at_a_time);
  for (;;) {
    const Result<std::size_t> got = source.value()->read(block);
    if (!got.ok()) outcome.error = got.error().to_string();
    if (!got.ok() || got.value() == 0) return outcome;
    outcome.text.append(block.data(), got.value());
  }
}

/// Text that does not compress away.
std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(random()) + "\n";
  return text;
}

struct Method {
  const char* name;
  std::string (*compress)(const std::string&);
};

class Decompress : public ::testing::TestWithParam<Method> {};

TEST_P(Decompress, YieldsTheTextAlsoOfSeveralMembers) {
  const std::string text = noise(300000);
  const std::string bytes = GetParam().compress(text);
  EXPECT_EQ(decompressed(bytes).text, text);
  const Outcome twice = decompressed(bytes + bytes);
  EXPECT_EQ(twice.text, text + text);
  EXPECT_EQ(twice.error, "");
  EXPECT_EQ(decompressed(GetParam().compress(bytes)).text, text) << "one in the other";
}

TEST_P(Decompress, SaysThatATruncatedFileEndsEarlyAndKeepsWhatCame) {
  const std::string text = noise(2500000);
  const std::string bytes = GetParam().compress(text);
  for (const std::size_t cut : {bytes.size() / 2, bytes.size() - 3}) {
    const Outcome outcome = decompressed(bytes.substr(0, cut));
    EXPECT_THAT(outcome.error, HasSubstr("ends early")) << cut;
    EXPECT_EQ(outcome.text, text.substr(0, outcome.text.size()));
    EXPECT_GT(outcome.text.size(), text.size() / 8) << cut;
  }
}

TEST_P(Decompress, LosesNothingThatDecodesBeforeTheCut) {
  // Members are flushed whole: whatever is cut, those before it must come, to the last byte.
  std::string bytes, text;
  std::vector<std::pair<std::size_t, std::size_t>> borders{{0, 0}};
  for (int member = 0; member < 12; ++member) {
    const std::string part = noise(static_cast<std::size_t>(500 + member * 3001));
    text += part;
    bytes += GetParam().compress(part);
    borders.emplace_back(bytes.size(), text.size());
  }
  for (std::size_t cut = 20; cut < bytes.size(); cut += 997) {
    const Outcome outcome = decompressed(bytes.substr(0, cut));
    const auto whole = std::find_if(borders.rbegin(), borders.rend(), [cut](const auto& border) { return border.first <= cut; });
    EXPECT_GE(outcome.text.size(), whole->second) << cut;
    EXPECT_EQ(outcome.text, text.substr(0, outcome.text.size())) << cut;
    EXPECT_EQ(outcome.error.empty(), whole->first == cut) << cut;
  }
}

TEST(DecompressGzip, LosesNothingBeforeACutWithinAMember) {
  // A flush leaves a border that everything before it decodes at; Boost's filter calls none, so zlib does.
  std::string bytes(400'000, '\0'), text;
  std::vector<std::pair<std::size_t, std::size_t>> flushed;
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  for (int i = 0; i < 100; ++i) {
    std::string part = noise(static_cast<std::size_t>(37 + i * 17));
    stream.next_in = reinterpret_cast<Bytef*>(part.data());
    stream.avail_in = static_cast<uInt>(part.size());
    ASSERT_EQ(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
    text += part;
    flushed.emplace_back(stream.total_out, text.size());
  }
  deflateEnd(&stream);
  for (const auto& [cut, size] : flushed) {
    const Outcome outcome = decompressed(bytes.substr(0, cut));
    EXPECT_EQ(outcome.text, text.substr(0, size)) << cut;
    EXPECT_THAT(outcome.error, HasSubstr("ends early")) << cut;
  }
}

TEST(DecompressXz, RefusesWhatAsksForGigabytesOfMemory) {
  lzma_options_lzma options;
  ASSERT_FALSE(lzma_lzma_preset(&options, 0));
  options.dict_size = 1u << 30;
  // The header of a block says how large its dictionary is; what follows does not matter.
  std::string bytes(4096, '\0');
  lzma_stream_flags flags{};
  flags.check = LZMA_CHECK_CRC32;
  ASSERT_EQ(lzma_stream_header_encode(&flags, reinterpret_cast<std::uint8_t*>(bytes.data())), LZMA_OK);
  lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_block block{};
  block.check = LZMA_CHECK_CRC32;
  block.filters = filters;
  block.compressed_size = block.uncompressed_size = LZMA_VLI_UNKNOWN;
  ASSERT_EQ(lzma_block_header_size(&block), LZMA_OK);
  ASSERT_EQ(lzma_block_header_encode(&block, reinterpret_cast<std::uint8_t*>(bytes.data()) + LZMA_STREAM_HEADER_SIZE), LZMA_OK);
  EXPECT_THAT(decompressed(bytes).error, HasSubstr("more than 256 MiB of memory"));
}

TEST_P(Decompress, SaysThatADamagedFileIsDamaged) {
  std::string bytes = GetParam().compress(noise(1000000));
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 200; ++i) bytes[i] = static_cast<char>(i * 31);
  EXPECT_NE(decompressed(bytes).error, "");
}

TEST_P(Decompress, LosesNoMoreOfADamagedFileWhenMuchIsReadAtOnce) {
  std::string text;
  for (int i = 0; i < 24; ++i) text += std::string(4 + static_cast<std::size_t>(i % 7), '-') + " goroutine " + std::to_string(i * i) + "\n";
  const std::string bytes = GetParam().compress(text);
  for (std::size_t bit = 80; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const Outcome little = decompressed(damaged, {}, 1), much = decompressed(damaged, {}, 1 << 20);
    EXPECT_EQ(little.error.empty(), much.error.empty()) << bit;
    EXPECT_LE(little.text.size(), much.text.size() + 64) << bit;
    const std::size_t common = std::min(little.text.size(), much.text.size());
    EXPECT_EQ(much.text.substr(0, common), little.text.substr(0, common)) << bit;
  }
}

TEST_P(Decompress, StopsAtABomb) {
  DecompressLimits limits;
  limits.maximum_bytes = 1000000;
  const Outcome large = decompressed(GetParam().compress(std::string(3000000, 'x')), limits);
  EXPECT_THAT(large.error, HasSubstr("decompression bomb"));
  EXPECT_EQ(large.text, std::string(1000000, 'x')) << "what came before the limit goes first, to the byte";
  limits = {};
  limits.bomb_bytes = 100000;
  limits.bomb_ratio = 50;
  EXPECT_THAT(decompressed(GetParam().compress(std::string(30000000, 'x')), limits).error, HasSubstr("decompression bomb"));
}

INSTANTIATE_TEST_SUITE_P(Methods, Decompress,
                         ::testing::Values(Method{"gzip", compressed<io::gzip_compressor>}, Method{"xz", compressed<io::lzma_compressor>},
                                           Method{"bzip2", compressed<io::bzip2_compressor>}, Method{"zstd", zstd}),
                         [](const auto& method) { return method.param.name; });

TEST(Decompressed, WhatAWrongChecksumStandsBehindIsReadAllTheSame) {
  const std::string text = noise(300000);
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  bytes.resize(ZSTD_compress2(context.get(), bytes.data(), bytes.size(), text.data(), text.size()));
  bytes.back() ^= 1;
  const Outcome outcome = decompressed(bytes);
  EXPECT_TRUE(outcome.text == text) << outcome.text.size() << " of " << text.size() << " bytes";
  EXPECT_THAT(outcome.error, HasSubstr("zstd data is damaged (Restored data doesn't match checksum) after "));
}

TEST(Decompressed, WhatADamagedBlockStandsBehindIsReadAllTheSame) {
  const std::string part = noise(20000);
  std::string bytes(4 * ZSTD_compressBound(part.size()), '\0');
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
  std::size_t border = 0;
  for (const ZSTD_EndDirective directive : {ZSTD_e_flush, ZSTD_e_flush, ZSTD_e_end}) {
    border = out.pos;
    ZSTD_inBuffer in{part.data(), part.size(), 0};
    ASSERT_EQ(ZSTD_compressStream2(context.get(), &out, &in, directive), 0u);
  }
  bytes.resize(out.pos);
  bytes[border] = static_cast<char>(bytes[border] | 3 << 1);  // RFC 8878, 3.1.1.2.2: the reserved block type
  const Outcome outcome = decompressed(bytes, {}, 1 << 20);
  EXPECT_TRUE(outcome.text == part + part) << outcome.text.size() << " of " << 2 * part.size() << " bytes";
  EXPECT_THAT(outcome.error, HasSubstr("zstd data is damaged"));
}

TEST(Decompressed, ATruncatedLogIsReadAsFarAsItGoes) {
  std::string text;
  for (int i = 1; i <= 20000; ++i) text += "goroutine " + std::to_string(i) + " [select]:\nmain.f(0xc000" + std::to_string(100000 + i * 7919 % 99991) + ")\n\t/go/main.go:1 +0x1\n\n";
  const std::string bytes = zstd(text);
  const Recording r = read_one(std::string_view(bytes).substr(0, bytes.size() - 10));
  EXPECT_GT(r.dumps.at(0).threads.size(), 5000u);
  EXPECT_THAT(reasons(r), ::testing::Contains(HasSubstr("zstd data ends early")));
}

}  // namespace
}  // namespace tailback::replay
