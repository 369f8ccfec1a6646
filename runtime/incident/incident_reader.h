// Reads an incident file into a sink: a source like any other.
//
// The file may come from a broken or hostile system. It is opened read-only, nothing of its schema is executed but our own
// queries on tables of ours, and every id in it is checked. What can be read is; what can't is a diagnostic of the recording.
//
// Errors: kNotFound, kPermission, kMalformed (not an incident file, or damaged beyond its first pages),
// kUnsupported (written by a newer tailback). The context is the path.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/incident/event_sink.h"
#include <tailback/result.h>

namespace tailback {

/// True when the first bytes of a file are those of an SQLite database.
[[nodiscard]] bool looks_like_incident(std::string_view head);

enum class IncidentParts : std::uint8_t {
  kAll,
  kLockEvents,  ///< without samples, breaches and dumps: what a walk over tens of millions of lock events needs
};

/// Yields every recording of the file, events of each in time order.
Result<void> read_incident(const std::string& path, EventSink& sink, IncidentParts parts = IncidentParts::kAll);

}  // namespace tailback
