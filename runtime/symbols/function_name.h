// Names of functions as people write them: demangled, without arguments, return type and clone suffix.
#pragma once

#include <string>
#include <string_view>

namespace tailback {

/// "_ZN7HashSet6AddOneEi" → "HashSet::AddOne"; a name that is not mangled is only cleaned.
[[nodiscard]] std::string readable_function_name(const char* symbol);

/// "void f<int>(int, char (*)(int)) const [clone .cold]" → "f<int>"; "operator()" and "(anonymous namespace)" keep their parentheses.
[[nodiscard]] std::string without_arguments(std::string_view demangled);

/// "push_back" of "std::vector<int>::push_back", "Lock" of "acme::Mutex<acme::Spin>::Lock"; the whole name where it is no member's.
[[nodiscard]] std::string_view last_name(std::string_view function);

}  // namespace tailback
