#include "analyze/group/shape_table.h"

namespace tailback::analyze {
namespace {

void append_address(const Frame& frame, std::vector<std::uint32_t>& parts) {
  const std::uint64_t address = frame.offset != 0 ? frame.offset : frame.address;
  parts.push_back(static_cast<std::uint32_t>(address));
  parts.push_back(static_cast<std::uint32_t>(address >> 32));
}

}  // namespace

std::size_t ShapeTable::PartsHash::operator()(const std::vector<std::uint32_t>& parts) const noexcept {
  std::uint64_t hash = 0x9e3779b97f4a7c15u + parts.size();
  for (const std::uint32_t part : parts) {
    hash = (hash ^ part) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  return hash;
}

void ShapeTable::append_parts(StackId stack, std::vector<std::uint32_t>& parts) const {
  if (level_ == GroupBy::kExact) {
    parts.push_back(stack.index);
    return;
  }
  for (const FrameId id : table_.stack(stack)) {
    const Frame& frame = table_.frame(id);
    parts.push_back(frame.function.index);
    // A frame without a name is told from others by where it is: nothing else of it is known.
    if (!frame.function.valid()) append_address(frame, parts);
    if (level_ != GroupBy::kFunctions) {
      parts.push_back(frame.file.index);
      parts.push_back(frame.line);
      // Where no line is known, the call's address tells two calls of one function apart as a line would.
      if (frame.line == 0) append_address(frame, parts);
    }
  }
}

std::uint32_t ShapeTable::shape(StackId stack) {
  const auto [known, added] = by_stack_.try_emplace(stack, 0);
  if (!added) return known->second;
  std::vector<std::uint32_t> parts;
  append_parts(stack, parts);
  const auto next = static_cast<std::uint32_t>(by_parts_.size());
  known->second = by_parts_.try_emplace(std::move(parts), next).first->second;
  return known->second;
}

std::string shape_text(const StackTable& table, StackId stack, GroupBy level) {
  std::string text;
  for (const FrameId id : table.stack(stack)) {
    const Frame& frame = table.frame(id);
    if (frame.function.valid()) {
      text += table.text(frame.function);
    } else {
      text += table.text(frame.module);
      text += "+" + std::to_string(frame.offset ? frame.offset : frame.address);
    }
    if (level != GroupBy::kFunctions) {
      text += ' ';
      text += table.text(frame.file);
      text += ':';
      text += std::to_string(frame.line);
      // Offsets are the same in every process that runs the build; addresses are not.
      if (frame.line == 0 && frame.offset != 0) text += "+" + std::to_string(frame.offset);
    }
    text += '\n';
  }
  return text;
}

}  // namespace tailback::analyze
