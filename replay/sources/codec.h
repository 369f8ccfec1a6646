// The compressions that inputs come in, each as one step over bytes in memory. Everything that decodes before a damage is delivered (bzip2
// may lose 64 bytes): an error never takes back what the same step has put out (which is why Boost.Iostreams' filters, whose exceptions do,
// are not used here).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tailback::replay {

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

/// By the first ten bytes of an input.
[[nodiscard]] Compression recognise_compression(std::string_view head);
[[nodiscard]] std::string_view word(Compression compression);

class Codec {
 public:
  enum class Step {
    kGoing,
    kMemberEnd,  ///< the member is whole; restart() before another one
    kDamaged,    ///< error() says how, where the library does
  };
  virtual ~Codec() = default;
  /// Decodes from the front of `in` to the front of `out`, and takes off both what it used. `at_end`: nothing comes after `in`.
  virtual Step step(std::span<const char>& in, std::span<char>& out, bool at_end) = 0;
  /// Makes ready for a member; may be called when it is ready already.
  virtual void restart() = 0;
  [[nodiscard]] const std::string& error() const { return error_; }

 protected:
  Step damaged(const char* how) {
    error_ = how != nullptr ? how : "";
    return Step::kDamaged;
  }

 private:
  std::string error_;
};

/// Null for kNone.
[[nodiscard]] std::unique_ptr<Codec> make_codec(Compression compression);

}  // namespace tailback::replay
