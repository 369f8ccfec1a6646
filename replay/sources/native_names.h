// Names of native functions as debuggers print them, cut down to what names the function.
#pragma once

#include <string_view>

namespace tailback::replay {

/// The function's name without return type, parameters, qualifiers, clone marks and symbol versions; a part of `printed`.
///
///     HashSet::size() const                                  HashSet::size
///     HashSet::values() [clone .isra.0]                      HashSet::values
///     void std::__invoke_impl<void, void (*)()>(…, void (*&&)())   std::__invoke_impl<void, void (*)()>
///     pthread_rwlock_wrlock@@GLIBC_2.34                      pthread_rwlock_wrlock
///     (anonymous namespace)::run(int)                        (anonymous namespace)::run
///     Foo::operator()(int) const                             Foo::operator()
[[nodiscard]] std::string_view function_name(std::string_view printed);

/// The index of the " (" that opens the argument list of a gdb frame "NAME (ARGS) …", or npos. Parentheses within the name,
/// as in "std::function<void ()>::operator() (this=…)", don't count.
[[nodiscard]] std::size_t find_arguments(std::string_view text);

}  // namespace tailback::replay
