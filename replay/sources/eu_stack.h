// What elfutils' eu-stack prints, with any of its options (-s -m -i -a -b -v …); newer pstack prints alike.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& eu_stack_format();

}  // namespace tailback::replay
