#include "analyze/group/lock_directory.h"

#include <fmt/core.h>

#include <map>
#include <tuple>

namespace tailback::analyze {

LockDirectory::LockDirectory(const Recording& recording) {
  // (registry id, address, kind): instrumented locks by the first alone, as addresses are re-used.
  using Key = std::tuple<std::uint64_t, std::uint64_t, LockKind>;
  std::map<Key, std::uint32_t> known;
  identities_.resize(recording.dumps.size());
  for (std::size_t dump = 0; dump < recording.dumps.size(); ++dump) {
    const std::vector<Lock>& locks = recording.dumps[dump].locks;
    for (std::uint32_t i = 0; i < locks.size(); ++i) {
      const Lock& lock = locks[i];
      const auto next = static_cast<std::uint32_t>(places_.size());
      std::uint32_t identity = next;
      if (lock.registry_id != 0) {
        identity = known.try_emplace(Key{lock.registry_id, 0, LockKind::kUnknown}, next).first->second;
      } else if (lock.address != 0) {
        identity = known.try_emplace(Key{0, lock.address, lock.kind}, next).first->second;
      }
      if (identity == next) places_.emplace_back();
      places_[identity].push_back({dump, {i}});
      identities_[dump].push_back(identity);
    }
  }
}

std::string address_text(std::uint64_t address) { return address == 0 ? std::string() : fmt::format("{:#x}", address); }

}  // namespace tailback::analyze
