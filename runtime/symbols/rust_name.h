// Names of Rust functions as people write them, from both of its manglings.
//
//     _RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended     v0 (RFC 2603)
//       → std::sys::sync::mutex::futex::Mutex::lock_contended
//     std::thread::JoinInner$LT$T$GT$::join::habbef6a4952ce708     what a C++ demangler makes of the older one
//       → std::thread::JoinInner<T>::join
//
// Generic arguments of the newer one, which differ with every use, are left out.
#pragma once

#include <string>
#include <string_view>

namespace tailback {

/// Empty where the symbol is not of this mangling, or is cut off.
[[nodiscard]] std::string readable_rust_symbol(std::string_view symbol);

/// A demangled name without the hash at its end and with "$LT$", "$u7b$", ".." written out; unchanged where it has none.
[[nodiscard]] std::string readable_rust_name(std::string_view name);

}  // namespace tailback
