#include "replay/sources/escaped_value.h"

namespace tailback::replay {

std::size_t multi_line_value(std::string_view text) {
  // Nearly every line holds no escaped end of line at all.
  if (text.find("\\n") == std::string_view::npos) return std::string_view::npos;
  for (std::size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    // Not 'File "C:\new.py"': a value stands behind its key.
    std::string_view before = text.substr(0, quote);
    if (before.size() > 1 && before.ends_with(' ')) before.remove_suffix(1);
    if (!before.empty() && !before.ends_with('=') && !before.ends_with(':')) continue;
    bool several = false;
    std::size_t at = quote + 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] != '\\' || at + 1 >= text.size()) continue;
      several = several || text[at + 1] == 'n';
      ++at;
    }
    if (several) return quote + 1;
    quote = at < text.size() ? at : text.size() - 1;
  }
  return std::string_view::npos;
}

std::size_t unescape_value(std::string_view text, std::string& into, std::string& held) {
  std::string joined;
  std::size_t before = 0;
  if (!held.empty()) {
    before = held.size();
    joined = held.append(text);
    held.clear();
    text = joined;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1 - before;
    if (text[at] != '\\') {
      into += text[at];
      continue;
    }
    if (++at == text.size()) {
      held = "\\";
      break;
    }
    switch (text[at]) {
      case 'n': into += '\n'; break;
      case 't': into += '\t'; break;
      case 'r': break;
      case '"':
      case '\\':
      case '\'': into += text[at]; break;
      default: into.append(1, '\\').append(1, text[at]); break;  // "\u00b7": kept as it stands
    }
  }
  return std::string_view::npos;
}

}  // namespace tailback::replay
