#include "analyze/report/json_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "analyze/group/argument_columns.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

using Json = nlohmann::ordered_json;

/// Input need not be UTF-8; what is not, is shown as U+FFFD.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json seconds_or_null(std::int64_t ns) { return ns < 0 ? Json(nullptr) : Json(static_cast<double>(ns) / 1e9); }
Json count_or_null(std::int64_t count) { return count < 0 ? Json(nullptr) : Json(count); }
Json time_or_null(std::int64_t wall_ns) { return wall_ns == 0 ? Json(nullptr) : Json(iso_time(wall_ns)); }
Json text_or_null(std::string text) { return text.empty() ? Json(nullptr) : Json(std::move(text)); }
Json number_or_null(double number) { return std::isfinite(number) ? Json(number) : Json(nullptr); }

Json frame_json(const StackTable& table, FrameId id) {
  const Frame& frame = table.frame(id);
  Json json{{"function", table.text(frame.function)}, {"file", table.text(frame.file)}, {"line", frame.line},
            {"module", table.text(frame.module)},     {"inlined", frame.inlined}};
  if (frame.address != 0) json["address"] = address_text(frame.address);
  if (frame.offset != 0) json["offset"] = address_text(frame.offset);
  return json;
}

Json arguments_json(const StackTable& table, const Dump& dump, const Group& group) {
  Json columns = Json::array();
  for (const ArgumentColumn& column : argument_columns(table, dump, group)) {
    Json json{{"frame", column.frame}, {"position", column.position}, {"distinct", column.distinct}};
    if (column.name.valid()) json["name"] = table.text(column.name);
    if (column.distinct == 1) {
      json["value"] = fmt::format("{:#x}", column.value);
      json["uncertain"] = column.uncertain;
    }
    columns.push_back(std::move(json));
  }
  return columns;
}

/// What the group's threads say that they do: the commonest first.
Json tasks_json(const Recording& recording, const Dump& dump, const Group& group) {
  constexpr std::size_t kMost = 20;
  std::map<std::string_view, std::uint64_t> counts;
  for (const ThreadIndex index : group.threads) {
    const ThreadRecord& thread = dump.threads[index.index];
    if (const std::string_view task = task_of(recording, thread); !task.empty()) counts[task] += thread.count;
  }
  std::vector<std::pair<std::string_view, std::uint64_t>> tasks(counts.begin(), counts.end());
  std::stable_sort(tasks.begin(), tasks.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  Json json = Json::array();
  for (std::size_t i = 0; i < std::min(tasks.size(), kMost); ++i) json.push_back({{"label", tasks[i].first}, {"count", tasks[i].second}});
  return json;
}

Json hold_json(const Recording& recording, const Dump& dump, const Hold& hold) {
  const StackTable& table = recording.table;
  const bool present = hold.thread.index < dump.threads.size();
  Json json{{"thread", present ? dump.threads[hold.thread.index].id : dump.locks[hold.lock.index].owner},
            {"in_dump", present},
            {"mode", to_string(hold.mode)}};
  std::string_view function;
  std::string place;
  if (present) {
    const auto stack = table.stack(dump.threads[hold.thread.index].stack);
    if (hold.frame < stack.size()) {
      const Frame& frame = table.frame(stack[hold.frame]);
      function = table.text(frame.function);
      place = place_text(table, frame);
    }
  }
  json["function"] = function;
  json["place"] = place;
  json["basis"] = to_string(hold.basis);
  json["evidence"] = table.text(hold.evidence);
  return json;
}

Json link_json(const Dump& dump, const ChainLink& link, std::size_t dump_index, const LockIds& locks) {
  const bool present = link.thread.index < dump.threads.size();
  const std::string holds = locks.id(dump_index, link.holds), waits = locks.id(dump_index, link.waits_for);
  return Json{{"thread", present ? Json(dump.threads[link.thread.index].id) : Json(nullptr)},
              {"function", link.function},
              {"place", link.place},
              {"holds", text_or_null(holds)},
              {"mode", holds.empty() ? Json(nullptr) : Json(to_string(link.mode))},
              {"waits_for", text_or_null(waits)},
              {"wait_function", link.wait_function},
              {"wait_place", link.wait_place},
              {"wait_mode", waits.empty() ? Json(nullptr) : Json(to_string(link.wait_mode))},
              {"note", link.note},
              {"others", link.others}};
}

Json correlation_json(const Correlation& correlation) {
  return Json{{"metric", correlation.metric},
              {"unit", correlation.unit},
              {"from", number_or_null(correlation.from)},
              {"to", number_or_null(correlation.to)},
              {"r", number_or_null(correlation.r)},
              {"per_thread", correlation.per_thread ? number_or_null(*correlation.per_thread) : Json(nullptr)}};
}

Json seen_json(const SeenBefore& seen) {
  return Json{{"incidents", seen.incidents}, {"first", time_or_null(seen.first_wall_ns)}, {"similarity", seen.similarity}, {"files", seen.files}};
}

}  // namespace

std::string json_text(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
  return plain ? '"' + std::string(text) + '"' : dumped(Json(text));
}

std::string recording_json(const Recording& recording) {
  const RecordingInfo& info = recording.info;
  Json json{{"source", info.source},
            {"runtime", to_string(info.runtime)},
            {"instance", info.instance},
            {"file", info.file},
            {"host", info.host},
            {"command", info.command},
            {"version", info.version},
            {"pid", info.pid},
            {"started", time_or_null(info.started_wall_ns)},
            {"ended", time_or_null(info.ended_wall_ns)},
            {"dumps", recording.dumps.size()},
            {"samples", recording.samples.size()},
            {"lock_events", recording.lock_events.size()}};
  Json counters = Json::object();
  for (const auto& [name, count] : recording.counters) counters[name] = count;
  json["counters"] = std::move(counters);
  return dumped(json);
}

std::string dump_members_json(const Recording& recording, const Dump& dump, const LockIds& locks, std::size_t dump_index) {
  Json json{{"id", dump.id},
            {"time", time_or_null(dump.wall_ns)},
            {"threads", dump.thread_count()},
            {"threads_missed", dump.threads_missed},
            {"duration_seconds", dump.duration_ns == 0 ? Json(nullptr) : seconds_or_null(dump.duration_ns)},
            {"reason", recording.table.text(dump.reason)},
            {"breach", dump.breach_id == 0 ? Json(nullptr) : Json(dump.breach_id)}};
  json["statements"] = Json::array();
  for (const StringId statement : dump.statements) json["statements"].push_back(recording.table.text(statement));
  json["without_stack"] = Json::array();
  for (const AbsentStacks& absent : absent_stacks(recording, dump)) {
    json["without_stack"].push_back({{"reason", absent.reason}, {"threads", absent.threads}, {"partial", absent.partial}});
  }
  json["queues"] = Json::array();
  for (const LockIds::Entry& entry : locks.entries()) {
    for (const LockInDump& seen : entry.seen) {
      if (seen.dump != dump_index || seen.waiting.total() == 0) continue;
      json["queues"].push_back({{"lock", entry.id}, {"shared", seen.waiting.shared}, {"exclusive", seen.waiting.exclusive}});
    }
  }
  const std::string whole = dumped(json);
  return whole.substr(1, whole.size() - 2);
}

std::string group_json(const Recording& recording, const Dump& dump, const Group& group, std::string_view lock_id) {
  const StackTable& table = recording.table;
  const std::uint64_t all = dump.thread_count();
  Json json{{"count", group.count},
            {"share", all == 0 ? 0.0 : static_cast<double>(group.count) / static_cast<double>(all)},
            {"state", to_string(group.state)},
            {"activity", to_string(group.activity)}};
  json["wait"] = lock_id.empty() ? Json(nullptr) : Json{{"lock", lock_id}, {"mode", to_string(group.mode)}};
  json["oldest_wait_seconds"] = seconds_or_null(group.longest_wait_ns);
  json["newest_wait_seconds"] = seconds_or_null(group.shortest_wait_ns);
  const ThreadRecord& first = dump.threads[group.threads.front().index];
  json["created_by"] = table.text(first.created_by);
  json["quality"] = to_string(first.quality);
  json["absence_reason"] = table.text(first.absence_reason);
  if (Json tasks = tasks_json(recording, dump, group); !tasks.empty()) json["tasks"] = std::move(tasks);
  json["stack"] = Json::array();
  for (const FrameId frame : table.stack(group.stack)) json["stack"].push_back(frame_json(table, frame));
  json["arguments"] = arguments_json(table, dump, group);
  std::string out = dumped(json);
  // Tens of thousands of short strings: written straight, not built as values first.
  out.pop_back();
  out += ",\"thread_ids\":[";
  for (std::size_t i = 0; i < group.threads.size(); ++i) {
    if (i != 0) out += ',';
    out += json_text(dump.threads[group.threads[i].index].id);
  }
  return out + "]}";
}

std::string lock_json(const Recording& recording, const LockIds::Entry& entry) {
  const LockInDump& seen = entry.latest();
  const Dump& dump = recording.dumps[seen.dump];
  const Lock& lock = dump.locks[seen.lock.index];
  Json json{{"id", entry.id},
            {"address", address_text(lock.address)},
            {"kind", to_string(lock.kind)},
            {"policy", to_string(lock.policy)},
            {"name", recording.table.text(lock.name)},
            {"dump", dump.id},
            {"waiting", {{"shared", seen.waiting.shared}, {"exclusive", seen.waiting.exclusive}}},
            {"readers", count_or_null(lock.readers)},
            {"queued", count_or_null(lock.queued)},
            {"owner", text_or_null(lock.owner)}};
  json["holds"] = Json::array();
  for (const Hold* hold : seen.holds) json["holds"].push_back(hold_json(recording, dump, *hold));
  return dumped(json);
}

std::string finding_json(const Recording& recording, const Finding& finding, const LockIds& locks) {
  const Dump& dump = recording.dumps[finding.dump];
  Json json{{"kind", to_string(finding.kind)},
            {"severity", to_string(finding.severity)},
            {"confidence", to_string(finding.confidence)},
            {"dump", dump.id}};
  json["locks"] = Json::array();
  for (const LockId lock : finding.locks) json["locks"].push_back(locks.id(finding.dump, lock));
  json["blocked_threads"] = finding.blocked_in_all;
  json["blocked_directly"] = finding.blocked_directly;
  json["chain"] = Json::array();
  for (const ChainLink& link : finding.chain) json["chain"].push_back(link_json(dump, link, finding.dump, locks));
  json["title"] = finding.title;
  json["explanation"] = finding.explanation;
  json["fix"] = finding.fix;
  json["evidence"] = finding.evidence;
  json["refuted_by"] = finding.refuted_by;
  json["first_seen"] = time_or_null(finding.first_seen_wall_ns);
  json["oldest_wait_seconds"] = seconds_or_null(finding.oldest_wait_ns);
  json["growth_per_second"] = finding.growth_per_second ? number_or_null(*finding.growth_per_second) : Json(nullptr);
  json["correlations"] = Json::array();
  for (const Correlation& correlation : finding.correlations) json["correlations"].push_back(correlation_json(correlation));
  json["over_time"] = Json::array();
  for (std::size_t i = 0; i < finding.over_time.size(); ++i) {
    json["over_time"].push_back({{"dump", recording.dumps[i].id}, {"threads", finding.over_time[i]}});
  }
  json["signature"] = finding.signature;
  json["seen_before"] = finding.seen_before ? seen_json(*finding.seen_before) : Json(nullptr);
  return dumped(json);
}

std::string trend_json(const ReportPart& part, const GroupTrend& trend, const LockIds& locks) {
  const Recording& recording = part.recording;
  const DumpAnalysis& in = part.analysis.dumps[trend.dump];
  const Group& group = in.groups[trend.group];
  const auto stack = recording.table.stack(group.stack);
  const ThreadIndex first = group.threads.front();
  const std::size_t own = first.index < in.activities.size() ? in.activities[first.index].own_frame : 0;
  Json json{{"function", own < stack.size() ? recording.table.function(stack[own]) : std::string_view()}, {"state", to_string(group.state)}};
  const std::string lock = locks.id(in.dump, group.lock);
  json["wait"] = lock.empty() ? Json(nullptr) : Json{{"lock", lock}, {"mode", to_string(group.mode)}};
  json["first_dump"] = recording.dumps[trend.first_dump].id;
  json["first_seen"] = time_or_null(recording.dumps[trend.first_dump].wall_ns);
  json["growth_per_second"] = trend.growth_per_second ? number_or_null(*trend.growth_per_second) : Json(nullptr);
  json["counts"] = trend.counts;
  return dumped(json);
}

std::string not_evaluated_json(const NotEvaluated& rule) {
  return dumped(Json{{"kind", to_string(rule.kind)}, {"reason", rule.reason}});
}

std::string diagnostic_json(const Diagnostic& diagnostic) {
  return dumped(Json{{"severity", to_string(diagnostic.severity)},
                     {"line", diagnostic.line == 0 ? Json(nullptr) : Json(diagnostic.line)},
                     {"reason", diagnostic.reason},
                     {"count", diagnostic.count}});
}

std::string breach_json(const Breach& breach) {
  return dumped(Json{{"id", breach.id},
                     {"trigger", breach.trigger},
                     {"metric", breach.metric},
                     {"value", number_or_null(breach.value)},
                     {"threshold", number_or_null(breach.threshold)},
                     {"opened", time_or_null(breach.opened_wall_ns)},
                     {"closed", time_or_null(breach.closed_wall_ns)}});
}

std::string metric_json(const Recording& recording, const MetricSummary& summary) {
  const MetricInfo& metric = recording.metrics[summary.metric.index];
  Json json{{"name", metric.name},
            {"unit", metric.unit},
            {"counter", metric.counter},
            {"first", number_or_null(summary.first)},
            {"last", number_or_null(summary.last)},
            {"min", number_or_null(summary.min)},
            {"max", number_or_null(summary.max)}};
  json["at_dumps"] = Json::array();
  for (const MetricAtDump& at : summary.at_dumps) {
    json["at_dumps"].push_back({{"dump", recording.dumps[at.dump].id}, {"value", number_or_null(at.value)}});
  }
  return dumped(json);
}

}  // namespace tailback::analyze
