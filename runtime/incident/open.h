// Opens an incident file of which nothing is trusted, to read it.
#pragma once

#include <string>

#include "runtime/incident/sqlite.h"
#include <tailback/result.h>

namespace tailback {

/// Read-only, hardened, and known to be an incident file of this format. `without_wal`: its write-ahead log could not be read, so the newest
/// rows may be missing.
/// Errors: kNotFound, kPermission, kMalformed (no incident file, or damaged), kUnsupported (of another format). The context is the path.
[[nodiscard]] Result<Database> open_incident(const std::string& path, bool& without_wal);

/// The same, to add to it what an analysis concluded. Waits up to two seconds for a recorder that writes.
[[nodiscard]] Result<Database> open_incident_to_write(const std::string& path);

}  // namespace tailback
