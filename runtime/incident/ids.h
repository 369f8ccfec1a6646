// Ids as types, so that a stack's id can't pass for a lock's.
//
// Each id is an index into one table of one recording; it means nothing outside it. The default
// value is "none".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace tailback {

template <class Tag>
struct Id {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t index = kNone;

  [[nodiscard]] constexpr bool valid() const noexcept { return index != kNone; }
  constexpr explicit operator bool() const noexcept { return valid(); }
  friend constexpr bool operator==(Id, Id) noexcept = default;
  friend constexpr auto operator<=>(Id, Id) noexcept = default;
};

using StringId = Id<struct StringTag>;        ///< an interned text
using FrameId = Id<struct FrameTag>;          ///< an interned frame
using StackId = Id<struct StackTag>;          ///< an interned stack, innermost frame first
using ArgumentsId = Id<struct ArgumentsTag>;  ///< an interned list of argument words
using MetricId = Id<struct MetricTag>;        ///< a named metric
using LockId = Id<struct LockTag>;            ///< index into Dump::locks
using ThreadIndex = Id<struct ThreadTag>;     ///< index into Dump::threads

}  // namespace tailback

template <class Tag>
struct std::hash<tailback::Id<Tag>> {
  std::size_t operator()(tailback::Id<Tag> id) const noexcept { return id.index; }
};
