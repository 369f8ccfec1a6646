// Finds the functions of a source file: which tokens are whose body, and what each is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyze/classify/source_lexer.h"

namespace tailback::analyze {

/// A function, method, lambda or closure.
struct SourceFunction {
  std::size_t head = 0;          ///< first token of its declaration
  std::size_t open = 0;          ///< the '{' of its body
  std::size_t close = 0;         ///< the '}' of its body, or the end of the text
  std::string name;              ///< "AddOne"; empty for a closure
  std::string type;              ///< "HashSet": of the receiver or the class
  std::string receiver;          ///< Go: the receiver's variable
  bool closure = false;
  bool is_synchronized = false;  ///< Java
  bool is_static = false;        ///< Java
};

/// All of them, in the order in which their bodies begin; closures follow the function that contains them.
[[nodiscard]] std::vector<SourceFunction> find_functions(const SourceTokens& tokens, SourceLanguage language);

/// The innermost function with `line`. Where a line belongs to several (a closure that begins on it), the one that calls
/// `callee` there, else the one with code on the line. Null: none.
[[nodiscard]] const SourceFunction* function_at(const SourceTokens& tokens, const std::vector<SourceFunction>& functions, std::uint32_t line,
                                                std::string_view callee);

/// The function whose own code (not a closure within it) holds token `i`; null: none.
[[nodiscard]] const SourceFunction* owner_of(const std::vector<SourceFunction>& functions, std::size_t i);

}  // namespace tailback::analyze
