#include "analyze/cli/history_input.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "analyze/cli/input.h"
#include "runtime/incident/incident_reader.h"

namespace tailback::cli {

using namespace tailback::analyze;

namespace {

bool is_incident_file(const std::string& path) {
  std::string head(16, '\0');
  std::ifstream in(path, std::ios::binary);
  return in.read(head.data(), static_cast<std::streamsize>(head.size())) && looks_like_incident(head);
}

std::vector<std::string> incident_files_in(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.is_regular_file(failed) && is_incident_file(entry.path().string())) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<void> analyze_into(const std::string& path, const AnalyzeOptions& options, std::vector<PastIncident>& incidents) {
  InputOptions input;
  input.paths = {path};
  Result<std::vector<Recording>> read = read_recordings(input);
  if (!read.ok()) return read.error();
  for (Recording& recording : read.value()) {
    const Analysis analysis = analyze::analyze(recording, options);
    incidents.push_back(past_incident(recording, analysis));
    incidents.back().file = path;
  }
  return {};
}

Result<void> add_file(const std::string& path, const AnalyzeOptions& options, std::vector<PastIncident>& incidents) {
  if (!is_incident_file(path)) return analyze_into(path, options, incidents);
  Result<std::vector<RecordedIncident>> stored = read_signatures(path);
  if (!stored.ok()) return stored.error();
  const bool analysed = std::any_of(stored->begin(), stored->end(), [](const RecordedIncident& incident) { return !incident.signatures.empty(); });
  if (!analysed) return analyze_into(path, options, incidents);
  for (const RecordedIncident& incident : *stored) incidents.push_back(past_incident(path, incident));
  return {};
}

}  // namespace

Result<std::vector<PastIncident>> read_history(const std::vector<std::string>& paths, const AnalyzeOptions& options) {
  std::vector<PastIncident> incidents;
  for (const std::string& path : paths) {
    std::error_code failed;
    if (std::filesystem::is_directory(path, failed)) {
      // One damaged file of an archive must not hide the others.
      for (const std::string& file : incident_files_in(path)) static_cast<void>(add_file(file, options, incidents));
    } else if (Result<void> added = add_file(path, options, incidents); !added.ok()) {
      return added.error();
    }
  }
  return incidents;
}

Result<void> remember(const std::vector<std::string>& paths, std::span<const Recording> recordings, std::span<const Analysis> analyses) {
  bool any = false;
  for (const std::string& path : paths) {
    if (!is_incident_file(path)) continue;
    any = true;
    const Result<std::vector<RecordedIncident>> in_file = read_signatures(path);
    if (!in_file.ok()) return in_file.error();
    for (std::size_t k = 0; k < in_file->size(); ++k) {
      // What was read from several files may have been merged: a recording is known by its process and time.
      const auto same = std::find_if(recordings.begin(), recordings.end(), [&](const Recording& recording) {
        const RecordedIncident& stored = (*in_file)[k];
        return incident_time(recording) == stored.wall_ns && recording.info.pid == stored.pid && recording.info.host == stored.host;
      });
      if (same == recordings.end()) continue;
      const Analysis& analysis = analyses[static_cast<std::size_t>(same - recordings.begin())];
      if (Result<void> stored = store_signatures(path, k, signatures_of(analysis)); !stored.ok()) return stored.error();
    }
  }
  if (any) return {};
  return Error{ErrorCode::kInvalidArgument, "needs an incident file among the inputs; tailback replay LOG -o FILE makes one of a log", "--remember"};
}

}  // namespace tailback::cli
