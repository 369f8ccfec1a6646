#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {

const RuntimeRules& runtime_rules(Runtime runtime) {
  static constexpr const RuntimeRules* kAll[] = {&kGoRules, &kJavaRules, &kKernelRules, &kNativeRules, &kPythonRules};
  for (const RuntimeRules* rules : kAll) {
    if (rules->runtime == runtime) return *rules;
  }
  return kNativeRules;
}

namespace {

/// Where a function was inlined whole into what starts a thread or calls a callback, only the library's frame is left, and names it:
/// "std::thread::_State_impl<std::thread::_Invoker<std::tuple<main::{lambda()#1}> > >::_M_run".
bool stands_for_own(std::string_view function) {
  constexpr std::string_view kCarriers[] = {"std::thread::_State_impl<", "std::_Function_handler<"};
  return starts_with_any(function, kCarriers);
}

}  // namespace

std::uint16_t own_frame(const RuntimeRules& rules, const StackTable& table, const ThreadView& thread, std::size_t from) {
  for (std::size_t i = from; i < thread.size(); ++i) {
    const Frame& frame = thread.frame(i);
    if (!rules.library(table.text(frame.function), table.text(frame.file), table.text(frame.module))) return static_cast<std::uint16_t>(i);
  }
  for (std::size_t i = from; i < thread.size(); ++i) {
    if (stands_for_own(thread.function(i))) return static_cast<std::uint16_t>(i);
  }
  return static_cast<std::uint16_t>(thread.size());
}

}  // namespace tailback::analyze
