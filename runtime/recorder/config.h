// What the recorder is to do: the options in code, overridden by the environment, checked and parsed once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/trigger/engine.h"
#include "runtime/trigger/trigger.h"
#include <tailback/recorder.h>
#include <tailback/result.h>

namespace tailback {

struct RecorderConfig {
  bool disabled = false;  ///< the kill switch; nothing else is set then
  RecorderOptions options;  ///< with the environment's word in place
  std::vector<Trigger> triggers;
  TriggerPolicy policy;
};

/// The value of a variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// Errors: kInvalidArgument, the context names the option or variable.
Result<RecorderConfig> make_config(RecorderOptions options, const Environment& environment);

/// Where dumps lie until they are stored: beside the incident file.
[[nodiscard]] std::string spool_path(const RecorderOptions& options);

/// Set by libtailback_preload.so to the number of the process that it records.
inline constexpr const char* kPreloadedVariable = "TAILBACK_PRELOADED";

/// secure_getenv: nothing in set-user-id programs.
[[nodiscard]] const char* process_environment(const char* name);

}  // namespace tailback
