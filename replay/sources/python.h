// Stacks of Python threads as faulthandler prints them, and what all readers of Python share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& faulthandler_format();

/// A file's path with '/' for Windows' '\', so that the library's files have one name everywhere.
[[nodiscard]] inline std::string python_path(std::string_view path) {
  std::string text(path);
  if (text.find('/') == std::string::npos) std::replace(text.begin(), text.end(), '\\', '/');
  return text;
}

}  // namespace tailback::replay
