#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {

const RuntimeRules& runtime_rules(Runtime runtime) {
  static constexpr const RuntimeRules* kAll[] = {&kGoRules, &kJavaRules, &kKernelRules, &kNativeRules, &kPythonRules};
  for (const RuntimeRules* rules : kAll) {
    if (rules->runtime == runtime) return *rules;
  }
  return kNativeRules;
}

std::uint16_t own_frame(const RuntimeRules& rules, const StackTable& table, const ThreadView& thread, std::size_t from) {
  for (std::size_t i = from; i < thread.size(); ++i) {
    const Frame& frame = thread.frame(i);
    if (!rules.library(table.text(frame.function), table.text(frame.file), table.text(frame.module))) return static_cast<std::uint16_t>(i);
  }
  return static_cast<std::uint16_t>(thread.size());
}

}  // namespace tailback::analyze
