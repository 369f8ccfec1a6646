#include "runtime/capture/dwarf_cursor.h"

namespace tailback {
namespace {
constexpr std::uint8_t kOmit = 0xff, kIndirect = 0x80, kFormatMask = 0x0f, kApplicationMask = 0x70;
constexpr std::uint8_t kPcRelative = 0x10, kDataRelative = 0x30;
}  // namespace

std::uint64_t DwarfCursor::uleb() {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = fixed<std::uint8_t>();
    if (failed_) return 0;
    if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

std::int64_t DwarfCursor::sleb() {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; ) {
    const auto byte = fixed<std::uint8_t>();
    if (failed_) return 0;
    if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
    return static_cast<std::int64_t>(value);
  }
}

std::uint64_t DwarfCursor::encoded(std::uint8_t encoding, std::uint64_t data_base) {
  if (encoding == kOmit || (encoding & kIndirect) != 0) return fail<std::uint64_t>();
  const std::uint64_t here = address();
  std::uint64_t value = 0;
  switch (encoding & kFormatMask) {
    case 0x00: value = fixed<std::uint64_t>(); break;
    case 0x01: value = uleb(); break;
    case 0x02: value = fixed<std::uint16_t>(); break;
    case 0x03: value = fixed<std::uint32_t>(); break;
    case 0x04: value = fixed<std::uint64_t>(); break;
    case 0x09: value = static_cast<std::uint64_t>(sleb()); break;
    case 0x0a: value = static_cast<std::uint64_t>(static_cast<std::int64_t>(fixed<std::int16_t>())); break;
    case 0x0b: value = static_cast<std::uint64_t>(static_cast<std::int64_t>(fixed<std::int32_t>())); break;
    case 0x0c: value = static_cast<std::uint64_t>(fixed<std::int64_t>()); break;
    default: return fail<std::uint64_t>();
  }
  switch (encoding & kApplicationMask) {
    case 0: return value;
    case kPcRelative: return here + value;
    case kDataRelative: return data_base + value;
    default: return fail<std::uint64_t>();
  }
}

void DwarfCursor::skip(std::uint64_t bytes) {
  if (bytes > remaining()) {
    failed_ = true;
    return;
  }
  at_ += bytes;
}

const char* DwarfCursor::text() {
  const void* end = failed_ ? nullptr : std::memchr(at_, 0, remaining());
  if (end == nullptr) return fail<const char*>();
  const auto* start = reinterpret_cast<const char*>(at_);
  at_ = static_cast<const unsigned char*>(end) + 1;
  return start;
}

}  // namespace tailback
