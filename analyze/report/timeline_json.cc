#include <nlohmann/json.hpp>

#include "analyze/report/timeline_report.h"
#include "analyze/words/format.h"

namespace tailback::analyze {

using namespace tailback::replay;

namespace {

using Json = nlohmann::ordered_json;

Json time_json(std::int64_t wall_ns) { return wall_ns == 0 ? Json(nullptr) : Json(iso_time(wall_ns)); }

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json event_json(const Recording& recording, const TimelineEntry& entry) {
  Json json{{"time", time_json(entry.wall_ns)}};
  switch (entry.kind) {
    case EntryKind::kSample: {
      json["event"] = "sample";
      for (const MetricValue& value : recording.samples[entry.index].values) json["values"][recording.metrics[value.metric.index].name] = value.value;
      break;
    }
    case EntryKind::kDump: {
      const Dump& dump = recording.dumps[entry.index];
      json["event"] = "dump";
      json["dump"] = dump.id;
      json["threads"] = dump.thread_count();
      json["functions"] = Json::array();
      for (const FunctionCount& function : functions_of(recording, dump)) {
        if (json["functions"].size() == 10) break;
        json["functions"].push_back({{"threads", function.threads}, {"function", function.function}});
      }
      break;
    }
    case EntryKind::kBreachOpened:
    case EntryKind::kBreachClosed: {
      const Breach& breach = recording.breaches[entry.index];
      json["event"] = entry.kind == EntryKind::kBreachOpened ? "breach" : "breach_over";
      json["trigger"] = breach.trigger;
      json["value"] = breach.value;
      break;
    }
  }
  return json;
}

Json summary_json(const Summary& summary) {
  Json json{{"from", time_json(summary.from_wall_ns)}, {"to", time_json(summary.to_wall_ns)}, {"began", time_json(summary.began_wall_ns())},
            {"samples", summary.samples}, {"dumps", summary.dumps}, {"breaches", summary.breaches}, {"lock_events", summary.lock_events}};
  json["growing"] = Json::array();
  for (const Growth& growth : summary.growing) {
    json["growing"].push_back({{"metric", growth.metric}, {"unit", growth.unit}, {"began", time_json(growth.began_wall_ns)}, {"before", growth.before},
                               {"after", growth.after}, {"per_second", growth.per_second}, {"r_with_threads", optional_json(growth.r)}});
  }
  json["group"] = nullptr;
  if (!summary.group.empty()) {
    Json over_time = Json::array();
    for (const auto& [wall_ns, threads] : summary.group_over_time) over_time.push_back({{"time", time_json(wall_ns)}, {"threads", threads}});
    json["group"] = {{"title", summary.group}, {"began", time_json(summary.group_began_wall_ns)}, {"per_second", optional_json(summary.group_per_second)}, {"over_time", std::move(over_time)}};
  }
  json["first_stuck"] = time_json(summary.first_stuck_wall_ns);
  json["first_breach"] = summary.first_breach.empty() ? Json(nullptr) : Json{{"trigger", summary.first_breach}, {"time", time_json(summary.first_breach_wall_ns)}};
  return json;
}

Json outcome_json(const TriggerOutcome& outcome) {
  Json json{{"trigger", outcome.trigger}, {"metric_known", outcome.metric_known}, {"useful_dumps", outcome.useful()},
            {"lead_to_end_seconds", optional_json(outcome.lead_to_end_seconds)}, {"lead_to_limit_seconds", optional_json(outcome.lead_to_limit_seconds)}};
  json["firings"] = Json::array();
  for (const Firing& firing : outcome.firings) {
    json["firings"].push_back({{"opened", time_json(firing.opened_wall_ns)}, {"closed", time_json(firing.closed_wall_ns)}, {"value", firing.value},
                               {"threshold", firing.threshold}, {"before_it_began", firing.before_it_began}});
  }
  json["dumps"] = Json::array();
  for (const AskedDump& dump : outcome.dumps) {
    json["dumps"].push_back({{"time", time_json(dump.wall_ns)}, {"value", dump.value}, {"cause", dump.cause}, {"useful", dump.useful}});
  }
  return json;
}

Json what_if_json(const WhatIf& what_if) {
  Json json{{"began", time_json(what_if.began_wall_ns)}, {"end", time_json(what_if.end_wall_ns)}};
  json["limit"] = nullptr;
  if (what_if.limit_bytes > 0) {
    json["limit"] = {{"bytes", what_if.limit_bytes}, {"metric", what_if.limit_metric}};
    json["limit"]["reached"] = what_if.limit ? time_json(what_if.limit->wall_ns) : Json(nullptr);
    json["limit"]["extrapolated"] = what_if.limit && what_if.limit->extrapolated;
    json["limit"]["how"] = what_if.limit ? what_if.limit->how : "no sample has a metric of memory";
  }
  json["triggers"] = Json::array();
  for (const TriggerOutcome& outcome : what_if.outcomes) json["triggers"].push_back(outcome_json(outcome));
  return json;
}

Json sweep_json(const Sweep& sweep) {
  Json json{{"metric", sweep.metric}, {"unit", sweep.unit}, {"for_seconds", sweep.for_seconds}};
  json["rows"] = Json::array();
  for (const SweepRow& row : sweep.rows) {
    json["rows"].push_back({{"threshold", row.threshold}, {"first_fires", row.sample ? time_json(row.fires_wall_ns) : Json(nullptr)},
                            {"lead_seconds", row.sample ? Json(row.lead_seconds) : Json(nullptr)}, {"firings", row.firings}, {"false_firings", row.false_firings},
                            {"false_per_day", sweep.calm_seconds > 0 ? Json(sweep.false_per_day(row)) : Json(nullptr)}});
  }
  json["stairs"] = Json::array();
  for (const Stair& stair : sweep.stairs) json["stairs"].push_back({{"below", stair.to}, {"seconds", stair.seconds}});
  json["calm"] = sweep.calm_source.empty() ? Json(nullptr) : Json{{"source", sweep.calm_source}, {"seconds", sweep.calm_seconds}, {"highest", optional_json(sweep.calm_highest)}};
  json["recommended"] = {{"threshold", optional_json(sweep.recommendation.threshold)}, {"why", sweep.recommendation.why}};
  return json;
}

}  // namespace

std::string timeline_json(const std::vector<TimelineReport>& reports) {
  Json json{{"schema", "tailback.replay/1"}, {"recordings", Json::array()}};
  for (const TimelineReport& report : reports) {
    Json one{{"file", report.recording->info.file}, {"source", report.recording->info.source}};
    if (report.events) {
      one["events"] = Json::array();
      for (const TimelineEntry& entry : timeline_of(*report.recording)) one["events"].push_back(event_json(*report.recording, entry));
    }
    one["summary"] = summary_json(summarise(*report.recording));
    if (report.what_if) one["what_if"] = what_if_json(*report.what_if);
    if (!report.sweeps.empty()) {
      one["sweeps"] = Json::array();
      for (const Sweep& sweep : report.sweeps) one["sweeps"].push_back(sweep_json(sweep));
    }
    json["recordings"].push_back(std::move(one));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tailback::analyze
