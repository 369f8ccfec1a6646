// Reads inputs of any kind into a sink: dumps, logs around dumps, profiles, metrics, incident files; compressed or not.
//
// Each input yields one recording, or one for each process that its lines tell apart (pods, containers, pids).
//
// Errors, one line each, the context is the input: it can't be opened or read, is empty, is of no known format (with what was
// tried and why each said no), holds a decompression bomb, was interrupted. What was read before a damage stays read, and
// the damage is a diagnostic. After an error the sink holds what came before it; nothing is left open.
#pragma once

#include <string>
#include <vector>

#include "replay/sources/source.h"

namespace tailback::replay {

/// "-" is standard input. `options.file` is set for each input.
Result<void> read_inputs(const std::vector<std::string>& paths, const ReadOptions& options, EventSink& sink);

/// The same for bytes in memory, under the name `options.file`.
Result<void> read_text(std::string_view bytes, const ReadOptions& options, EventSink& sink);

}  // namespace tailback::replay
