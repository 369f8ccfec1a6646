// Quoted values of a log line that hold several lines with their ends escaped, as text loggers write a dump:
//
//   time="2020-02-11T09:31:50Z" level=info msg="=== BEGIN goroutine stack dump ===\ngoroutine 18 [running]:\nmain.dumpStacks()\n\t/go/src/…"
//
// journald and syslog cut such a line at 1 to 48 KiB and go on in the next record: there the value is open, and ends at its quote.
#pragma once

#include <string>
#include <string_view>

namespace tailback::replay {

/// Where a quoted value with an escaped end of line begins: behind its '="', its ': "' or the quote that the text begins with. npos: there is none.
[[nodiscard]] std::size_t multi_line_value(std::string_view text);

/// Appends `text`, without its escapes, to `into` up to the quote that ends the value. What is behind that quote; npos: the value goes on.
/// A '\' at the very end, cut off from what it escapes, is left in `held`, which is put before the next piece.
std::size_t unescape_value(std::string_view text, std::string& into, std::string& held);

}  // namespace tailback::replay
