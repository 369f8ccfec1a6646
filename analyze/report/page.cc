#include "analyze/report/page.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tailback::analyze {
namespace {

constexpr std::string_view kEllipsis = "…";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Byte length of the code point at the front of `text`; 0: it is no valid UTF-8.
std::size_t code_point_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
  }
  return length;
}

/// C0 and C1 controls, DEL, and the characters that turn the direction of writing.
bool is_control(std::string_view code_point) {
  const auto first = static_cast<unsigned char>(code_point[0]);
  if (first < 0x20 || first == 0x7f) return true;
  if (first == 0xc2) return static_cast<unsigned char>(code_point[1]) < 0xa0;
  return code_point.substr(0, 2) == "\xe2\x80" && static_cast<unsigned char>(code_point[2]) >= 0xaa &&
         static_cast<unsigned char>(code_point[2]) <= 0xae;
}

std::string_view escape(Style style) {
  switch (style) {
    case Style::kPlain: return {};
    case Style::kBold: return "\033[1m";
    case Style::kDim: return "\033[2m";
    case Style::kAlarm: return "\033[1;31m";
    case Style::kWarning: return "\033[1;33m";
    case Style::kGood: return "\033[1;32m";
  }
  return {};
}

/// A row's last cell does not widen its column for the rows that go on after it.
std::vector<std::size_t> column_widths(const std::vector<std::vector<Cell>>& rows) {
  std::size_t most = 0;
  for (const auto& row : rows) most = std::max(most, row.size());
  std::vector<std::size_t> widths(most, 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i + 1 < row.size() || row.size() == most) widths[i] = std::max(widths[i], display_width(row[i].text));
    }
  }
  return widths;
}

std::size_t byte_of_column(std::string_view text, std::size_t column) {
  std::size_t at = 0;
  while (at < text.size() && column > 0) {
    ++at;
    while (at < text.size() && continues(text[at])) ++at;
    --column;
  }
  return at;
}

}  // namespace

std::size_t table_width(const std::vector<std::vector<Cell>>& rows) {
  const std::vector<std::size_t> widths = column_widths(rows);
  std::size_t widest = 0;
  for (const auto& row : rows) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      width += last ? display_width(row[i].text) : widths[i] == 0 ? 0 : widths[i] + 2;
    }
    widest = std::max(widest, width);
  }
  return widest;
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(text.substr(0, byte_of_column(text, width - 1))) + std::string(kEllipsis);
}

std::string cut_front(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  if (columns <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(kEllipsis) + std::string(text.substr(byte_of_column(text, columns - width + 1)));
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(text) + std::string(columns < width ? width - columns : 0, ' ');
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(columns < width ? width - columns : 0, ' ') + std::string(text);
}

std::string bar(double share, std::size_t width) {
  constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  share = std::clamp(share, 0.0, 1.0);
  auto eighths = static_cast<std::size_t>(std::lround(share * static_cast<double>(width) * 8));
  if (eighths == 0 && share > 0) eighths = 1;
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  text += kEighths[eighths % 8];
  return padded(text, width);
}

std::string harmless(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = code_point_length(text);
    if (length == 0 || is_control(text.substr(0, length))) {
      clean += '?';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return clean;
}

Page& Page::add(std::string_view text, Style style) {
  const std::string clean = harmless(text);
  const std::size_t room = width_ > column_ ? width_ - column_ : 0;
  const std::string shown = cut(clean, room);
  column_ += display_width(shown);
  if (!colour_ || style == Style::kPlain || shown.empty()) {
    text_ += shown;
  } else {
    text_ += escape(style);
    text_ += shown;
    text_ += "\033[0m";
  }
  return *this;
}

void Page::end_line() {
  while (!text_.empty() && text_.back() == ' ') text_.pop_back();
  text_ += '\n';
  column_ = 0;
}

void Page::blank() {
  // Never two in a row, none at the top.
  if (text_.empty() || (text_.size() >= 2 && text_.compare(text_.size() - 2, 2, "\n\n") == 0)) return;
  text_ += '\n';
}

void Page::line(std::string_view text, Style style) {
  add(text, style);
  end_line();
}

void Page::paragraph(std::string_view label, std::size_t text_column, std::string_view text, Style label_style) {
  const std::string clean = harmless(text);
  const std::size_t room = width_ > text_column + 20 ? width_ - text_column : 20;
  add(padded(label, text_column), label_style);
  std::string row;
  const auto flush = [&] {
    add(row);
    end_line();
    row.clear();
    add(std::string(text_column, ' '));
  };
  std::string_view rest = clean;
  bool first = true;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    if (word.empty()) continue;
    if (!first && !row.empty() && display_width(row) + 1 + display_width(word) > room) flush();
    if (!row.empty()) row += ' ';
    row += word;
    first = false;
  }
  add(row);
  end_line();
}

void Page::table(std::size_t indent, const std::vector<std::vector<Cell>>& rows) {
  const std::vector<std::size_t> widths = column_widths(rows);
  for (const auto& row : rows) {
    add(std::string(indent, ' '));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      if (widths[i] == 0 && !last) continue;
      add(row[i].right ? padded_left(row[i].text, widths[i]) : last ? row[i].text : padded(row[i].text, widths[i]), row[i].style);
      if (!last) add("  ");
    }
    end_line();
  }
}

}  // namespace tailback::analyze
