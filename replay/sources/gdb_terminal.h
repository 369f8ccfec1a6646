// What stands in gdb's output beside stacks: prompts, the pager, and what it says of itself and of the process.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tailback::replay {

/// A line with the pager's question in it, where a screen ended, be it in the middle of a number:
///     ---Type <return> to continue, or q <return> to quit---      #2  0x00… in f (m=0x561--Type <RET> for more, q to quit, c to continue without paging--c
struct PagedLine {
  std::string_view before, behind;  ///< the question, and the answer to it
};
[[nodiscard]] std::optional<PagedLine> find_pager(std::string_view line);

/// Cuts prompts off the front: "(gdb) #0  0x…". False: there is none.
[[nodiscard]] bool skip_prompts(std::string_view& line);

/// What gdb prints between stacks and is no loss.
[[nodiscard]] bool is_gdb_chatter(std::string_view line);

/// Printing a mutex shows who holds it:
///     (gdb) p *(pthread_mutex_t*)0x7f8529449278
///     $6 = {__data = {__lock = 2, __count = 0, __owner = 428, __nusers = 1, …
/// The address in the command, and the owner in the answer; nullopt where the line is neither. No owner: 0.
[[nodiscard]] std::optional<std::uint64_t> printed_mutex(std::string_view command);
[[nodiscard]] std::optional<std::uint64_t> printed_owner(std::string_view line);

}  // namespace tailback::replay
