#include <algorithm>
#include <nlohmann/json.hpp>

#include "analyze/group/lock_directory.h"
#include "analyze/report/diff_report.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

using Json = nlohmann::ordered_json;

Json side_json(const DiffSide& side) {
  const Dump& dump = side.get();
  return Json{{"file", side.recording->info.file},
              {"dump", dump.id},
              {"time", dump.wall_ns == 0 ? Json(nullptr) : Json(iso_time(dump.wall_ns))},
              {"threads", dump.thread_count()}};
}

Json lock_json(const DiffSide& side, LockId id) {
  const Lock& lock = side.get().locks[id.index];
  return Json{{"address", address_text(lock.address)}, {"kind", to_string(lock.kind)}, {"name", side.recording->table.text(lock.name)}};
}

Json rate_json(const Diff& diff, std::uint64_t before, std::uint64_t after) {
  if (!diff.seconds || *diff.seconds <= 0) return nullptr;
  return (static_cast<double>(after) - static_cast<double>(before)) / *diff.seconds;
}

Json group_json(const Diff& diff, const GroupChange& change) {
  const bool is_after = change.group_after != GroupChange::kNone;
  const DiffSide& side = is_after ? diff.after : diff.before;
  const Group& group = side.analysed().groups[is_after ? change.group_after : change.group_before];
  Json json{{"change", to_string(change.kind)},
            {"before", change.before},
            {"after", change.after},
            {"growth_per_second", rate_json(diff, change.before, change.after)},
            {"unmoved", change.unmoved},
            {"state", to_string(group.state)},
            {"activity", to_string(group.activity)}};
  json["wait"] = group.lock.valid() ? Json{{"lock", lock_json(side, group.lock)}, {"mode", to_string(group.mode)}} : Json(nullptr);
  json["stack"] = Json::array();
  const StackTable& table = side.recording->table;
  for (const FrameId id : table.stack(group.stack)) {
    const Frame& frame = table.frame(id);
    json["stack"].push_back({{"function", table.text(frame.function)}, {"file", table.text(frame.file)}, {"line", frame.line}});
  }
  return json;
}

Json lock_change_json(const Diff& diff, const LockChange& change) {
  Json json = lock_json(change.after.valid() ? diff.after : diff.before, change.after.valid() ? change.after : change.before);
  json["waiting_before"] = change.waiting_before;
  json["waiting_after"] = change.waiting_after;
  return json;
}

}  // namespace

std::string diff_json(const Diff& diff, std::size_t top) {
  Json json{{"schema", "tailback.diff/1"},
            {"before", side_json(diff.before)},
            {"after", side_json(diff.after)},
            {"seconds", diff.seconds ? Json(*diff.seconds) : Json(nullptr)},
            {"same_process", diff.same_process},
            {"identity_reason", diff.identity_reason}};
  json["threads"] = diff.same_process ? Json{{"started", diff.threads_started}, {"ended", diff.threads_ended}, {"unmoved", diff.threads_unmoved}}
                                      : Json(nullptr);
  json["group_count"] = diff.groups.size();
  json["groups"] = Json::array();
  const std::size_t shown = top == 0 ? diff.groups.size() : std::min(top, diff.groups.size());
  for (std::size_t i = 0; i < shown; ++i) json["groups"].push_back(group_json(diff, diff.groups[i]));
  json["locks"] = Json::array();
  for (const LockChange& change : diff.locks) json["locks"].push_back(lock_change_json(diff, change));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace tailback::analyze
