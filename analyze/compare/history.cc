#include "analyze/compare/history.h"

#include <algorithm>

#include "analyze/compare/signature.h"

namespace tailback::analyze {
namespace {

/// Below this, two signatures share a kind and little else.
constexpr double kSimilar = 0.6;

bool earlier(std::span<const Recording> recordings, std::size_t a, std::size_t b) {
  const std::int64_t time_a = incident_time(recordings[a]), time_b = incident_time(recordings[b]);
  if (time_a != 0 && time_b != 0 && time_a != time_b) return time_a < time_b;
  return a < b;
}

double nearest(const Analysis& analysis, const std::string& signature) {
  double best = 0;
  for (const Finding& other : analysis.findings) best = std::max(best, signature_similarity(signature, other.signature));
  return best;
}

std::optional<SeenBefore> seen_before(std::span<const Recording> recordings, std::span<const Analysis> analyses, std::size_t own, const std::string& signature) {
  std::vector<double> similarity(recordings.size(), 0);
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    if (i != own && earlier(recordings, i, own)) similarity[i] = nearest(analyses[i], signature);
  }
  const double best = *std::max_element(similarity.begin(), similarity.end());
  if (best < kSimilar) return std::nullopt;
  SeenBefore seen;
  seen.similarity = best;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    if (similarity[i] < best) continue;
    ++seen.incidents;
    seen.files.push_back(recordings[i].info.file);
    const std::int64_t time = incident_time(recordings[i]);
    if (time != 0 && (seen.first_wall_ns == 0 || time < seen.first_wall_ns)) seen.first_wall_ns = time;
  }
  return seen;
}

}  // namespace

std::int64_t incident_time(const Recording& recording) {
  for (const Dump& dump : recording.dumps) {
    if (dump.wall_ns != 0) return dump.wall_ns;
  }
  return recording.info.started_wall_ns;
}

void fill_history(std::span<const Recording> recordings, std::span<Analysis> analyses) {
  if (recordings.size() < 2) return;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    for (Finding& finding : analyses[i].findings) {
      finding.seen_before = seen_before(recordings, analyses, i, finding.signature);
    }
  }
}

}  // namespace tailback::analyze
