#include "analyze/compare/history.h"

#include <algorithm>

#include "analyze/compare/signature.h"

namespace tailback::analyze {
namespace {

/// Below this, two signatures share a kind and little else.
constexpr double kSimilar = 0.6;

/// One incident recorded twice: a log and the incident file made of it, a file and its copy.
bool same_incident(const PastIncident& a, const PastIncident& b) {
  // Logs tell seconds: two services may well have written a dump in the same one.
  if (a.wall_ns == 0 || a.wall_ns != b.wall_ns || a.signatures != b.signatures) return false;
  return a.pid == 0 || b.pid == 0 || (a.pid == b.pid && a.host == b.host);
}

/// `order`: which of the two was given first.
bool earlier(const PastIncident& a, const PastIncident& b, bool order) {
  return a.wall_ns != 0 && b.wall_ns != 0 ? a.wall_ns < b.wall_ns : order;
}

double nearest(const PastIncident& incident, const std::string& signature) {
  double best = 0;
  for (const std::string& other : incident.signatures) best = std::max(best, signature_similarity(signature, other));
  return best;
}

std::optional<SeenBefore> seen_before(std::span<const PastIncident> incidents, std::size_t own, const std::string& signature) {
  std::vector<double> similarity(incidents.size(), 0);
  for (std::size_t i = 0; i < incidents.size(); ++i) {
    if (i == own || same_incident(incidents[i], incidents[own]) || !earlier(incidents[i], incidents[own], i < own)) continue;
    const bool told = std::any_of(incidents.begin(), incidents.begin() + static_cast<std::ptrdiff_t>(i), [&](const PastIncident& p) { return same_incident(p, incidents[i]); });
    if (!told) similarity[i] = nearest(incidents[i], signature);
  }
  const double best = *std::max_element(similarity.begin(), similarity.end());
  if (best < kSimilar) return std::nullopt;
  SeenBefore seen;
  seen.similarity = best;
  std::vector<const PastIncident*> alike;
  for (std::size_t i = 0; i < incidents.size(); ++i) {
    if (similarity[i] >= best) alike.push_back(&incidents[i]);
  }
  std::stable_sort(alike.begin(), alike.end(), [](const PastIncident* a, const PastIncident* b) { return a->wall_ns < b->wall_ns; });
  for (const PastIncident* incident : alike) {
    if (seen.first_wall_ns == 0) seen.first_wall_ns = incident->wall_ns;
    seen.files.push_back(incident->file);
  }
  seen.incidents = alike.size();
  return seen;
}

}  // namespace

std::int64_t incident_time(const Recording& recording) {
  for (const Dump& dump : recording.dumps) {
    if (dump.wall_ns != 0) return dump.wall_ns;
  }
  return recording.info.started_wall_ns;
}

std::vector<FindingSignature> signatures_of(const Analysis& analysis) {
  std::vector<FindingSignature> signatures;
  for (const Finding& finding : analysis.findings) {
    signatures.push_back({finding.signature, std::string(to_string(finding.kind)), std::string(to_string(finding.severity)),
                          std::string(to_string(finding.confidence)), finding.title, finding.blocked_in_all, finding.first_seen_wall_ns});
  }
  return signatures;
}

PastIncident past_incident(const Recording& recording, const Analysis& analysis) {
  const RecordingInfo& info = recording.info;
  PastIncident incident{info.file, incident_time(recording), info.pid, info.host, {}};
  for (const Finding& finding : analysis.findings) incident.signatures.push_back(finding.signature);
  std::sort(incident.signatures.begin(), incident.signatures.end());
  return incident;
}

PastIncident past_incident(std::string file, const RecordedIncident& recorded) {
  PastIncident incident{std::move(file), recorded.wall_ns, recorded.pid, recorded.host, {}};
  for (const FindingSignature& finding : recorded.signatures) incident.signatures.push_back(finding.signature);
  std::sort(incident.signatures.begin(), incident.signatures.end());
  return incident;
}

void fill_history(std::span<const Recording> recordings, std::span<Analysis> analyses, std::span<const PastIncident> past) {
  std::vector<PastIncident> incidents(past.begin(), past.end());
  for (std::size_t i = 0; i < recordings.size(); ++i) incidents.push_back(past_incident(recordings[i], analyses[i]));
  if (incidents.size() < 2) return;
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    for (Finding& finding : analyses[i].findings) finding.seen_before = seen_before(incidents, past.size() + i, finding.signature);
  }
}

}  // namespace tailback::analyze
