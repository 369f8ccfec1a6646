// What is known of the terminal: width, colour, whether there is one.
#pragma once

#include <cstddef>

namespace tailback::cli {

/// Columns of the terminal on standard output, as far as a report can be laid out in them; 80 when it is none, so that what goes to a pipe is
/// always the same.
[[nodiscard]] std::size_t output_width();

/// Columns of the terminal on standard error; 80 when it is none.
[[nodiscard]] std::size_t error_width();

/// Colours go to a terminal only, and never with NO_COLOR (https://no-color.org); CLICOLOR_FORCE asks for them anywhere.
[[nodiscard]] bool output_wants_colour();

[[nodiscard]] bool errors_go_to_terminal();

}  // namespace tailback::cli
