// Any bytes as a compressed input: what comes out is the same whatever the portions it is read in, and whatever those it comes in.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "replay/sources/decompress.h"

namespace {

using namespace tailback;
using namespace tailback::replay;

class Portions final : public ByteSource {
 public:
  Portions(std::string_view bytes, std::size_t portion) : bytes_(bytes), portion_(portion) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min({into.size(), bytes_.size(), portion_});
    std::copy_n(bytes_.data(), size, into.data());
    bytes_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view bytes_;
  const std::size_t portion_;
};

struct Outcome {
  std::string bytes, error;
};

/// Where a decoder noticed the damage may depend on how much it was given at a time; what it gave out may not.
std::string what_of(const Error& error) { return error.message.substr(0, error.message.find(" after ")); }

Outcome read_in(std::string_view input, std::size_t portion_in, std::size_t portion_out) {
  constexpr std::size_t kMost = 1 << 20;
  DecompressLimits limits;
  limits.maximum_bytes = kMost;
  Outcome outcome;
  Result<std::unique_ptr<PeekableSource>> source = decompress(std::make_unique<Portions>(input, portion_in), "fuzz", limits);
  if (!source.ok()) return {"", what_of(source.error())};
  std::vector<char> block(portion_out);
  for (;;) {
    const Result<std::size_t> got = source.value()->read(block);
    if (!got.ok()) outcome.error = what_of(got.error());
    if (!got.ok() || got.value() == 0) return outcome;
    outcome.bytes.append(block.data(), got.value());
    if (outcome.bytes.size() > kMost) std::abort();
  }
}

/// liblzma sees that a chunk used more than its stated size only once it has decoded what it was given, and libbzip2 loses the last bytes (64
/// at most) of a block that ends too early: so the damage itself may come out longer or shorter. All else is the same to the byte.
bool same(const Outcome& a, const Outcome& b) {
  if (a.error != b.error) return false;
  const bool differs_at_damage = a.error == "xz data is damaged" || a.error == "bzip2 data is damaged";
  if (differs_at_damage) return a.bytes.starts_with(b.bytes) || b.bytes.starts_with(a.bytes);
  return a.bytes == b.bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read_in(input, 1 << 20, 1 << 20), small = read_in(input, 7, 4093);
  if (!same(whole, small)) {
    std::fprintf(stderr, "broken: %zu bytes and \"%s\", in small portions %zu and \"%s\"\n", whole.bytes.size(), whole.error.c_str(), small.bytes.size(), small.error.c_str());
    std::abort();
  }
  return 0;
}
