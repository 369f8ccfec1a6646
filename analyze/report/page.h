// A page of plain text under construction: lines, styles, wrapping, tables, bars.
//
// Texts of a dump are hostile: what could move a cursor or is no UTF-8 is shown as "?". Styles are ours alone and
// written only when the page has colour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailback::analyze {

enum class Style : std::uint8_t { kPlain, kBold, kDim, kAlarm, kWarning, kGood };

/// Columns that a text takes on a terminal; every code point counts for one.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// At most `width` columns; "…" stands for what was cut off at the end, or at the beginning.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);
[[nodiscard]] std::string cut_front(std::string_view text, std::size_t width);
/// Filled up with spaces to `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);
[[nodiscard]] std::string padded_left(std::string_view text, std::size_t width);
/// A horizontal bar of `width` columns, filled by `share` (0 … 1) in eighths; anything above 0 shows.
[[nodiscard]] std::string bar(double share, std::size_t width);
/// Without control characters and invalid UTF-8.
[[nodiscard]] std::string harmless(std::string_view text);

struct Cell {
  std::string text;
  Style style = Style::kPlain;
  bool right = false;  ///< aligned to the right
};

/// Columns that the widest row takes, with two spaces between its cells.
[[nodiscard]] std::size_t table_width(const std::vector<std::vector<Cell>>& rows);

class Page {
 public:
  Page(std::size_t width, bool colour) : width_(width), colour_(colour) {}

  [[nodiscard]] std::size_t width() const { return width_; }

  /// Appends to the line under construction, as far as the page is wide.
  Page& add(std::string_view text, Style style = Style::kPlain);
  void end_line();
  void blank();
  void line(std::string_view text, Style style = Style::kPlain);
  /// "  Why    text…", wrapped at words; further lines stand under the text.
  void paragraph(std::string_view label, std::size_t text_column, std::string_view text, Style label_style = Style::kBold);
  /// Rows with their columns aligned, two spaces between; a row's last cell may reach beyond the columns, to the edge of the page.
  void table(std::size_t indent, const std::vector<std::vector<Cell>>& rows);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t width_;
  bool colour_;
  std::size_t column_ = 0;
  std::string text_;
};

}  // namespace tailback::analyze
