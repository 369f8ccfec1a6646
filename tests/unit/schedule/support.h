#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "replay/schedule/explorer.h"
#include "replay/schedule/scenario.h"

namespace tailback::replay {

inline Program scenario(std::string_view text) {
  Result<Program> program = parse_scenario(text, "test.locks");
  EXPECT_TRUE(program.ok()) << program.error().to_string();
  return program.ok() ? std::move(*program) : Program{};
}

inline void set_policies(Program& program, LockPolicy policy) {
  for (ProgramLock& lock : program.locks) {
    if (lock.kind == LockKind::kRwlock) lock.policy = policy;
  }
}

/// "refresher rdlock mu · worker#1 wrlock mu (waits)"
inline std::string way_of(const Model& model, const Exploration& found) {
  std::string text;
  for (const Happened& step : found.way) {
    if (!text.empty()) text += " · ";
    text += model.name(step.instance) + " " + to_string(model.program(), model.thread_of(step.instance).steps[step.step], false);
    if (step.outcome == Outcome::kWaits) text += " (waits)";
  }
  return text;
}

}  // namespace tailback::replay
