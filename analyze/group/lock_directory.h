// One identity for each lock of a recording, across its dumps.
//
// A LockId names a lock within one dump. Reports, trends and comparisons need to say "the same lock" of two dumps: by the
// registry's id where a lock is instrumented, else by address and kind. A lock of which neither is known is a lock of its own in each dump.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

class LockDirectory {
 public:
  struct Place {
    std::size_t dump = 0;  ///< index into Recording::dumps
    LockId lock;
  };

  explicit LockDirectory(const Recording& recording);

  /// Index of the lock's identity, the same in every dump of the recording.
  [[nodiscard]] std::uint32_t identity(std::size_t dump, LockId lock) const { return identities_[dump][lock.index]; }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  /// Where the lock is seen, in dump order.
  [[nodiscard]] const std::vector<Place>& places(std::uint32_t identity) const { return places_[identity]; }

 private:
  std::vector<std::vector<std::uint32_t>> identities_;
  std::vector<std::vector<Place>> places_;
};


/// "0xc0000b4008"; empty when the source does not tell.
[[nodiscard]] std::string address_text(std::uint64_t address);

}  // namespace tailback::analyze
