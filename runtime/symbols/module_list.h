// The executable and libraries of this process, with their build ids.
//
// Blocks: takes the loader's lock; not for a capture.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback {

[[nodiscard]] std::vector<Module> list_modules();

/// The module that holds `address`, or null.
[[nodiscard]] const Module* find_module(const std::vector<Module>& modules, std::uint64_t address);

}  // namespace tailback
