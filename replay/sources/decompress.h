// Takes compression off an input: gzip, zstd, xz, bzip2, told by their first bytes, also one inside the other.
//
// Files of several members are read whole. A truncated or damaged file yields all that decodes before the damage, then an error. A
// decompression bomb yields what came up to the limit, then an error.
//
// Each by its own library (codec.h says why).
#pragma once

#include "replay/sources/input.h"

namespace tailback::replay {

struct DecompressLimits {
  /// Beyond this no input is read any further.
  std::uint64_t maximum_bytes = std::uint64_t{64} << 30;
  /// An input that has grown to more than `bomb_bytes` must not be more than `bomb_ratio` times its compressed size. (The
  /// densest true dump seen, 47,905 goroutines on six stacks, is 300 times its size under zstd -19.)
  std::uint64_t bomb_bytes = std::uint64_t{1} << 30;
  std::uint64_t bomb_ratio = 5000;
};

/// The input without compression; `source` itself where there is none. `name` is for errors.
[[nodiscard]] Result<std::unique_ptr<PeekableSource>> decompress(std::unique_ptr<ByteSource> source, const std::string& name,
                                                                 const DecompressLimits& limits = {});

}  // namespace tailback::replay
