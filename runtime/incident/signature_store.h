// What analyses concluded of the recordings in an incident file: how a later incident is recognised without reading this one again.
//
// Errors: those of open.h; kIo where the file can't be written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tailback/result.h>

namespace tailback {

/// One row of finding_signature.
struct FindingSignature {
  std::string signature, kind, severity, confidence, title;
  std::uint64_t blocked = 0;
  std::int64_t first_seen_wall_ns = 0;  ///< 0: unknown
};

/// A recording of the file, as far as it takes to tell one incident from another.
struct RecordedIncident {
  std::int64_t wall_ns = 0;             ///< of its first dump that has a time, else of its start; 0: unknown
  std::int64_t pid = 0;              ///< 0: unknown
  std::string host;
  std::vector<FindingSignature> signatures;
};

/// Makes these the signatures of the file's `recording_index`-th recording (0-based).
Result<void> store_signatures(const std::string& path, std::size_t recording_index, const std::vector<FindingSignature>& signatures);

/// Every recording of the file, those without signatures too.
[[nodiscard]] Result<std::vector<RecordedIncident>> read_signatures(const std::string& path);

}  // namespace tailback
