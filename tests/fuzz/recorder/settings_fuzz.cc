// The recorder's settings in the environment, a line NAME=VALUE each: taken, or refused with the name of the variable.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "runtime/recorder/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback;
  std::map<std::string, std::string> variables;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t equals = std::min(line.find('='), line.size());
    variables[std::string(line.substr(0, equals))] = line.substr(std::min(equals + 1, line.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const Result<RecorderConfig> config = make_config({.file = "x.tailback"}, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  if (!config.ok() && config.error().context.empty()) std::abort();
  if (config.ok() && !config->disabled && config->options.interval.count() <= 0) std::abort();
  return 0;
}
