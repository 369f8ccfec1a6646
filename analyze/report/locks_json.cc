#include <nlohmann/json.hpp>

#include "analyze/report/locks_report.h"

namespace tailback::analyze {

using namespace tailback::replay;

namespace {

using Json = nlohmann::ordered_json;

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAcquired: return "acquired";
    case Outcome::kWaits: return "waits";
    case Outcome::kReleased: return "released";
    case Outcome::kRefused: return "refused";
    case Outcome::kSleeps: return "sleeps";
    case Outcome::kWoke: return "woke";
    case Outcome::kNotified: return "notified";
    case Outcome::kLost: return "lost";
    case Outcome::kStarted: return "started";
    case Outcome::kJoined: return "joined";
  }
  return "";
}

std::string_view word(StoryKind kind) {
  return kind == StoryKind::kRecorded ? "recorded" : kind == StoryKind::kShortest ? "shortest" : "example";
}

Json begin(const LocksInput& input, std::string_view command) {
  Json json{{"schema", "tailback.replay-locks/1"}, {"command", command}, {"input", {{"file", input.file}, {"kind", input.kind}, {"threads", input.threads}, {"locks", input.locks}, {"events", input.events}}}};
  json["diagnostics"] = Json::array();
  for (const Diagnostic& diagnostic : input.diagnostics) {
    json["diagnostics"].push_back({{"severity", to_string(diagnostic.severity)}, {"line", diagnostic.line}, {"reason", diagnostic.reason}, {"count", diagnostic.count}});
  }
  return json;
}

Json step_json(const Model& model, const Happened& happened) {
  const Step& step = model.thread_of(happened.instance).steps[happened.step];
  Json json{{"thread", model.name(happened.instance)}, {"step", to_string(model.program(), step, false)}, {"site", model.program().sites[step.site]}, {"outcome", word(happened.outcome)}};
  if (step.line != 0) json["line"] = step.line;
  if (!happened.admitted.empty()) {
    json["admits"] = Json::array();
    for (const std::uint32_t admitted : happened.admitted) json["admits"].push_back(model.name(admitted));
  }
  return json;
}

Json way_json(const Program& program, const std::vector<Happened>& way) {
  const Model model(program);
  Json json = Json::array();
  for (const Happened& happened : way) json.push_back(step_json(model, happened));
  return json;
}

Json prediction_json(const Prediction& prediction) {
  Json json{{"kind", to_string(prediction.kind)}, {"may", prediction.may}, {"lost_signal", prediction.lost_signal}};
  json["ring"] = Json::array();
  for (const RingMember& member : prediction.ring) {
    Json holds = Json::array();
    for (const RingMember::Held& held : member.held) holds.push_back({{"lock", held.lock}, {"mode", to_string(held.mode)}, {"place", held.place}});
    json["ring"].push_back({{"thread", member.thread},
                            {"others", member.others},
                            {"holds", std::move(holds)},
                            {"waits_for", member.lock},
                            {"mode", to_string(member.mode)},
                            {"place", member.place},
                            {"behind_waiting_writer", member.blocking == Blocking::kWaitingWriter}});
  }
  json["needs"] = prediction.needs.empty() ? Json(nullptr) : Json(prediction.needs);
  json["writers_seen"] = prediction.writers;
  if (!prediction.reason.empty()) json["reason"] = prediction.reason;
  if (prediction.kind != PredictionKind::kDeadlock) return json;
  json["way"] = way_json(prediction.program, prediction.way);
  json["states"] = prediction.states;
  json["trace_events_replayed"] = prediction.trace_events;
  return json;
}

Json predictions_json(const std::vector<Prediction>& predictions) {
  Json json = Json::array();
  for (const Prediction& prediction : predictions) json.push_back(prediction_json(prediction));
  return json;
}

Json report_json(const PredictReport& report) {
  return Json{{"deadlocks", predictions_json(report.deadlocks)},
              {"hazards", predictions_json(report.hazards)},
              {"inversions", predictions_json(report.inversions)},
              {"bounds", report.bounds},
              {"requests", report.requests},
              {"patterns", report.patterns}};
}

// Names are what the input says; what is no UTF-8 in them is replaced.
std::string dumped(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string story_json(const LocksInput& input, const Story& story, std::string_view command, std::size_t rows) {
  Json json = begin(input, command);
  json["order"] = word(story.kind);
  const std::size_t first = rows != 0 && story.way.size() > rows ? story.way.size() - rows : 0;
  json["first_step"] = first + 1;
  Json steps = Json::array();
  walk(story, [&](std::size_t index) { return index >= first; }, [&](std::size_t index, const std::vector<LockView>& views) {
    Json step = step_json(*story.model, story.way[index]);
    step["locks"] = Json::array();
    for (const LockView& view : views) {
      step["locks"].push_back({{"lock", story.program->locks[view.lock].name}, {"holders", view.holders}, {"waiting", view.waiting}});
    }
    steps.push_back(std::move(step));
  });
  json["steps"] = std::move(steps);
  json["stuck"] = Json::array();
  for (const std::uint32_t instance : story.stuck) json["stuck"].push_back(story.model->name(instance));
  json["point_of_no_return"] = story.no_return ? Json(*story.no_return + 1) : Json(nullptr);
  json["point_of_no_return_decided"] = story.no_return_known;
  json["deadlock_at"] = story.stuck.empty() ? Json(nullptr) : Json(story.deadlock_at + 1);
  json["caught"] = std::max(story.caught, story.stuck.size());
  json["divergences"] = story.divergences;
  json["bound"] = story.bound.empty() ? Json(nullptr) : Json(story.bound);
  return dumped(json);
}

std::string predict_json(const LocksInput& input, const PredictReport& report) {
  Json json = begin(input, "predict");
  json.update(report_json(report));
  return dumped(json);
}

std::string check_json(const LocksInput& input, const std::vector<std::string>& fixes, const FixCheck& check) {
  Json json = begin(input, "check");
  json["fixes"] = fixes;
  json["verdict"] = to_string(check.verdict);
  json["gone"] = check.gone.size();
  json["remaining"] = check.remaining.size();
  json["new"] = check.fresh.size();
  json["search"] = to_string(check.search);
  json["bound"] = check.bound;
  json["threads_searched"] = check.threads_searched;
  json["threads_asked"] = check.threads_asked;
  json["states"] = check.states;
  json["before"] = report_json(check.before);
  json["after"] = report_json(check.after);
  return dumped(json);
}

}  // namespace tailback::analyze
