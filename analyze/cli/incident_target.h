// The incident file that `replay -o` writes: a new one, one that is replaced (--force), or one that is added to (--append).
//
// Incident files are evidence. One that exists is touched only when asked, and never while another process has it open: what a recorder
// writes after our copy was made, or into a file that we have replaced, would be lost.
#pragma once

#include <cstddef>
#include <string>

#include <tailback/result.h>

namespace tailback::cli {

enum class Existing { kRefuse, kReplace, kAppend };

/// An error where `path` exists and may not be written: unasked, no regular file, or open in a recorder.
[[nodiscard]] Result<void> check_incident_target(const std::string& path, Existing existing);

/// Puts a copy of `path` at `copy`, to be added to; how many recordings it has. None, and no copy, where there is no such file.
/// What a recorder that died left in the write-ahead log is taken into `path` first.
[[nodiscard]] Result<std::size_t> copy_to_append(const std::string& path, const std::string& copy);

}  // namespace tailback::cli
