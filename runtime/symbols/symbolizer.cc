#include "runtime/symbols/symbolizer.h"

#include <algorithm>
#include TAILBACK_BACKTRACE_HEADER

#include "runtime/symbols/function_name.h"

namespace tailback {
namespace {

void ignore_error(void*, const char*, int) {}

int add_frame(void* out, std::uintptr_t, const char* file, int line, const char* function) {
  auto& frames = *static_cast<std::vector<NamedFrame>*>(out);
  frames.push_back({readable_function_name(function), file != nullptr ? file : "", static_cast<std::uint32_t>(std::max(line, 0)), true});
  return 0;
}

struct Symbol {
  std::string name;
  std::uintptr_t begin = 0, size = 0;
};

void take_symbol(void* out, std::uintptr_t, const char* name, std::uintptr_t begin, std::uintptr_t size) {
  if (name == nullptr) return;
  *static_cast<Symbol*>(out) = {readable_function_name(name), begin, size};
}

}  // namespace

Symbolizer::Symbolizer() = default;

void Symbolizer::warm_up() {
  static_cast<void>(name(reinterpret_cast<std::uint64_t>(&take_symbol)));
}

void Symbolizer::update(const std::vector<Module>& modules) {
  bool grown = false;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const Module& module : modules) ranges.emplace_back(module.begin, module.end);
  for (const auto& range : ranges) grown = grown || std::find(known_ranges_.begin(), known_ranges_.end(), range) == known_ranges_.end();
  const bool changed = grown || ranges.size() != known_ranges_.size();
  if (!changed) return;
  known_ranges_ = std::move(ranges);
  names_.clear();  // an address may belong to another library now
  if (grown && states_ < kMostStates) state_ = nullptr;
}

std::vector<NamedFrame> Symbolizer::look_up(std::uint64_t address) {
  if (state_ == nullptr) {
    state_ = ::backtrace_create_state(nullptr, 0, &ignore_error, nullptr);
    ++states_;
  }
  std::vector<NamedFrame> frames;
  if (state_ != nullptr) ::backtrace_pcinfo(state_, address, &add_frame, &ignore_error, &frames);
  if (frames.empty()) frames.emplace_back();
  frames.back().inlined = false;
  if (state_ == nullptr) return frames;
  // Functions of internal linkage have no linkage name in small debug information, only "operator()"; the symbol has it all.
  Symbol symbol;
  ::backtrace_syminfo(state_, address, &take_symbol, &ignore_error, &symbol);
  std::string& function = frames.back().function;
  if (function.empty() || (symbol.name.size() > function.size() && symbol.name.ends_with("::" + function))) function = std::move(symbol.name);
  return frames;
}

const std::vector<NamedFrame>& Symbolizer::name(std::uint64_t address) {
  auto [found, added] = names_.try_emplace(address);
  if (added) found->second = look_up(address);
  return found->second;
}

std::string Symbolizer::data_name(std::uint64_t address) {
  if (state_ == nullptr) warm_up();
  Symbol symbol;
  if (state_ != nullptr) ::backtrace_syminfo(state_, address, &take_symbol, &ignore_error, &symbol);
  if (symbol.name.empty() || address < symbol.begin || address >= symbol.begin + symbol.size) return {};
  return address == symbol.begin ? symbol.name : symbol.name + "+" + std::to_string(address - symbol.begin);
}

}  // namespace tailback
