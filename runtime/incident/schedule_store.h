// The schedules kept in an incident file: the interleavings that led into its deadlocks, for a test to force (tailback/schedule.h).
//
// Their table is made with the first one; a file without it is as good as any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tailback/result.h>

namespace tailback {

/// Makes `text` the schedule of the file's `recording_index`-th recording (0-based).
/// Errors: those of open.h; kIo where the file can't be written.
Result<void> store_schedule(const std::string& path, std::size_t recording_index, std::string_view text);

/// That of the newest recording that has one. Errors: those of open.h; kNotFound: the file has none, with the command that makes one.
[[nodiscard]] Result<std::string> read_schedule(const std::string& path);

}  // namespace tailback
