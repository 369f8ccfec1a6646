// Content-addressed strings, frames, stacks and argument lists of one recording.
//
// Identical content has one id, so that 47,841 threads on one stack cost one stack, and
// comparing two stacks is comparing two integers. Memory is bounded by distinct content.
//
// Thread safety: none; one thread fills a table. Ids and the spans and string_views handed out stay valid for
// the table's life: nothing is ever removed or moved.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/incident/ids.h"

namespace tailback {

/// One activation of a function. Fields that the source does not tell are none or 0.
struct Frame {
  StringId function;          ///< demangled, without arguments
  StringId file;
  StringId module;            ///< path of the executable or library, Java module, …
  std::uint32_t line = 0;     ///< 1-based; 0: unknown
  bool inlined = false;       ///< has no frame of its own; the next frame out does
  std::uint64_t address = 0;  ///< of the call (return address - 1), in the process; 0: unknown
  std::uint64_t offset = 0;   ///< of the call within its module; 0: unknown

  friend bool operator==(const Frame&, const Frame&) = default;
};

/// A word that a dump prints for a frame: Go's argument words, gdb's `mutex=0x…`.
struct Argument {
  std::uint64_t value = 0;
  StringId name;                ///< "this", "mutex"; none where the format has no names
  std::uint16_t frame = 0;      ///< index into the thread's stack, innermost = 0
  std::uint8_t position = 0;    ///< 0-based within the frame
  bool uncertain = false;       ///< may be stale (Go's `0xc000…?`)

  friend bool operator==(const Argument&, const Argument&) = default;
};

class StackTable {
 public:
  StackTable();
  ~StackTable();
  StackTable(StackTable&&) noexcept;
  StackTable& operator=(StackTable&&) noexcept;

  /// The empty text is a text of its own; a none id reads as empty.
  StringId intern(std::string_view text);
  FrameId intern(const Frame& frame);
  StackId intern(std::span<const FrameId> frames);
  ArgumentsId intern(std::span<const Argument> arguments);

  /// The id of a text already interned, or none.
  [[nodiscard]] StringId find(std::string_view text) const;

  [[nodiscard]] std::string_view text(StringId id) const;
  [[nodiscard]] const Frame& frame(FrameId id) const;
  /// Innermost frame first; empty for none.
  [[nodiscard]] std::span<const FrameId> stack(StackId id) const;
  [[nodiscard]] std::span<const Argument> arguments(ArgumentsId id) const;

  /// Shorthand for the text of a frame's function.
  [[nodiscard]] std::string_view function(FrameId id) const { return text(frame(id).function); }

  [[nodiscard]] std::size_t string_count() const;
  [[nodiscard]] std::size_t frame_count() const;
  [[nodiscard]] std::size_t stack_count() const;
  [[nodiscard]] std::size_t arguments_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tailback
