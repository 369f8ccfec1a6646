// A name that may have been meant, for one that does not exist.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tailback::cli {

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The file in the same directory whose name is nearest, as a path like the one given; empty if none is near.
[[nodiscard]] std::string near_file_name(const std::string& path);

}  // namespace tailback::cli
