// The schema of the incident file as text, from schema.sql.
#pragma once

#include <cstdint>

namespace tailback {

/// What `PRAGMA application_id` and `user_version` of an incident file say.
inline constexpr std::int64_t kApplicationId = 0x544c424b;  // 'TLBK'
inline constexpr std::int64_t kFormatVersion = 1;

extern const char* const kSchema;

}  // namespace tailback
