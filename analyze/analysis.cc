#include "analyze/analysis.h"

#include "analyze/classify/lock_names.h"
#include "analyze/compare/signature.h"
#include "analyze/findings/find.h"
#include "analyze/group/group_threads.h"
#include "analyze/group/lock_directory.h"
#include "analyze/holders/infer.h"
#include "analyze/holders/python_locks.h"
#include "analyze/holders/task_results.h"
#include "analyze/trend/finding_trends.h"
#include "analyze/trend/group_trends.h"

namespace tailback::analyze {

Analysis analyze(Recording& recording, const AnalyzeOptions& options) {
  Analysis analysis;
  analysis.dumps.reserve(recording.dumps.size());
  for (std::size_t i = 0; i < recording.dumps.size(); ++i) {
    DumpAnalysis dump;
    dump.dump = i;
    dump.activities = classify(recording, recording.dumps[i]);
    analysis.dumps.push_back(std::move(dump));
  }
  if (options.source_from_paths) name_locks(recording);
  for (DumpAnalysis& dump : analysis.dumps) {
    if (recording.info.runtime == Runtime::kPython && bind_python_locks(recording, dump.dump, dump.activities, options)) continue;
    bind_task_results(recording, recording.dumps[dump.dump], dump.activities);
    infer_holders(recording, dump.dump, dump.activities, options);
  }
  ShapeTable shapes(recording.table, options.group_by);
  for (DumpAnalysis& dump : analysis.dumps) {
    dump.groups = group_threads(recording.dumps[dump.dump], dump.activities, options.group_by, shapes);
  }
  analysis.findings = find(recording, analysis.dumps, options, analysis.not_evaluated);
  const LockDirectory locks(recording);
  analysis.trends = group_trends(recording, analysis, locks);
  fill_finding_trends(recording, locks, analysis);
  for (Finding& finding : analysis.findings) finding.signature = signature_of(recording, analysis, finding);
  return analysis;
}

std::string_view to_string(GroupBy level) {
  switch (level) {
    case GroupBy::kExact: return "exact";
    case GroupBy::kLines: return "lines";
    case GroupBy::kFunctions: return "functions";
    case GroupBy::kLock: return "lock";
  }
  return "lines";
}

}  // namespace tailback::analyze
