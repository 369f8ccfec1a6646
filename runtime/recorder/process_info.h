// Who is being recorded.
#pragma once

#include <string_view>

#include "runtime/incident/model.h"
#include <tailback/recorder.h>

namespace tailback {

extern const std::string_view kTailbackVersion;

[[nodiscard]] RecordingInfo process_info(const RecorderOptions& options);

}  // namespace tailback
