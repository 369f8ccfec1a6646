// Where a command's result goes: standard output, or the file of -o.
#pragma once

#include <string>
#include <string_view>

#include <tailback/result.h>

namespace tailback::cli {

/// Writes `text` to `path`, or to standard output when it is empty or "-". A regular file is written beside its place and
/// renamed into it, so that it is whole or the one that was there before.
[[nodiscard]] Result<void> write_output(const std::string& path, std::string_view text);

}  // namespace tailback::cli
