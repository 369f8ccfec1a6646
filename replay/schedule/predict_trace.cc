#include "replay/schedule/predict_trace.h"

#include <algorithm>
#include <map>
#include <set>

#include "replay/schedule/ring_text.h"
#include "replay/schedule/witness.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kMaxInversions = 1'000;
constexpr std::size_t kMaxWitnesses = 200;  // replayed in one walk

/// A ring and what became of it.
struct Ring {
  const Pattern* pattern;
  std::optional<Reordering> reordering;
};

class TracePrediction {
 public:
  TracePrediction(const TraceStream& trace, const PredictTraceOptions& options)
      : trace_(trace), options_(options), names_(trace.names()), tracker_(rules(), options.predict.patterns.length) {}

  PredictReport run() {
    collect();
    search_ = find_patterns(rules(), tracker_.requests(), options_.predict.patterns);
    report_.patterns = search_.patterns.size();
    if (search_.truncated) report_.bounds.push_back("rings of up to " + std::to_string(options_.predict.patterns.length) + " threads; there may be more");
    if (trace_.has_gaps()) {
      if (!search_.patterns.empty()) {
        report_.bounds.push_back("lock events were lost, and a lock whose release was lost looks held: " + std::to_string(search_.patterns.size()) +
                                 (search_.patterns.size() == 1 ? " possible ring is not told" : " possible rings are not told"));
      }
      return std::move(report_);
    }
    for (const Pattern& pattern : search_.patterns) rings_.push_back({&pattern, std::nullopt});
    if (!rings_.empty()) {
      reorder();
      replay();
    }
    hazards();
    inversions();
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::vector<LockRule> rules() const {
    std::vector<LockRule> rules;
    for (const ProgramLock& lock : names_.locks) rules.push_back(lock.rule());
    return rules;
  }

  RingNames ring_names() const {
    const auto place = [this](std::uint32_t index) { return index == 0 || index >= names_.places.size() ? std::string("an unnamed place") : names_.places[index]; };
    return {[this](std::uint32_t lock) { return names_.locks[lock].name; },
            [this](const Request& request) {
              const bool imagined = request.threads.front() >= names_.threads.size();
              return imagined ? "nobody" : names_.threads[request.threads.front()];
            },
            [place](const Request& request) { return place(request.step); },
            [place](const Request&, const HeldLock& hold) { return place(hold.step); },
            [](const Request& request) { return request.threads.size() - 1; }};
  }

  void collect() {
    bool ends = false, joins = false;
    std::uint64_t events = 0;
    trace_.walk([&](const TraceEvent& event) {
      ++events;
      ends = ends || event.operation == TraceOperation::kEnd;
      joins = joins || event.operation == TraceOperation::kJoin;
      tracker_.event(event);
    });
    tracker_.finish();
    ends_are_joins_ = ends && !joins;
    report_.events = events;
    report_.threads = names_.threads.size();
    report_.requests = tracker_.requests().size();
    if (ends_are_joins_) report_.bounds.push_back("no join was recorded: threads that ended count as joined by the thread that started them");
  }

  void reorder() {
    const auto threads = static_cast<std::uint32_t>(names_.threads.size());
    TraceWindow window(rules(), threads, options_.predict.patterns.length, {options_.window_sections, ends_are_joins_});
    std::vector<bool> wanted(tracker_.requests().size(), false);
    for (const Ring& ring : rings_) {
      for (const std::uint32_t request : ring.pattern->requests) wanted[request] = true;
    }
    window.want(std::move(wanted), tracker_.contended());
    std::uint64_t windows = 1;
    trace_.walk([&](const TraceEvent& event) {
      window.event(event);
      if (!window.full()) return;
      try_rings(window);
      window.restart();
      ++windows;
    });
    window.finish();
    try_rings(window);
    if (windows > 1) {
      report_.bounds.push_back("the trace was looked at in " + std::to_string(windows) + " stretches of " + std::to_string(options_.window_sections) +
                               " critical sections; requests of different stretches were not combined");
    }
    if (combinations_cut_) report_.bounds.push_back("not every combination of threads was tried for every ring: " + std::to_string(options_.combinations) + " of one ring, or as many as take " + std::to_string(options_.work / 1'000'000) + " million steps");
  }

  void try_rings(const TraceWindow& window) {
    Closure closure(window);
    for (Ring& ring : rings_) {
      if (ring.reordering) continue;
      std::vector<std::uint32_t> threads;
      std::uint64_t left = options_.combinations;
      work_end_ = closure.work() + options_.work;
      choose(window, closure, ring, threads, left);
      combinations_cut_ = combinations_cut_ || left == 0 || (!ring.reordering && closure.work() >= work_end_);
    }
  }

  // Every choice of different threads for the ring's requests, until one can be reordered.
  void choose(const TraceWindow& window, Closure& closure, Ring& ring, std::vector<std::uint32_t>& threads, std::uint64_t& left) const {
    const auto& requests = ring.pattern->requests;
    if (threads.size() == requests.size()) {
      if (left > 0) --left;
      ring.reordering = closure.find(threads, requests);
      return;
    }
    for (const std::uint32_t thread : window.threads_of(requests[threads.size()])) {
      if (ring.reordering || left == 0 || closure.work() >= work_end_) return;
      if (std::find(threads.begin(), threads.end(), thread) != threads.end()) continue;
      threads.push_back(thread);
      choose(window, closure, ring, threads, left);
      threads.pop_back();
    }
  }

  void replay() {
    std::vector<std::pair<const Ring*, Witness>> witnesses;
    for (const Ring& ring : rings_) {
      if (!ring.reordering) continue;
      if (witnesses.size() == kMaxWitnesses) {
        report_.bounds.push_back("only the first " + std::to_string(kMaxWitnesses) + " reorderings were replayed");
        break;
      }
      witnesses.emplace_back(&ring, Witness(names_, *ring.reordering));
    }
    if (witnesses.empty()) return;
    trace_.walk([&](const TraceEvent& event) {
      for (auto& [ring, witness] : witnesses) witness.event(event);
    });
    std::map<std::vector<std::uint32_t>, Prediction> confirmed;
    for (auto& [ring, witness] : witnesses) {
      if (!witness.finish().empty()) {
        ++refuted_;
        continue;
      }
      const auto [place, fresh] = confirmed.try_emplace(without_writers(*ring->pattern, tracker_.requests()));
      if (fresh && !explain(*ring, witness, place->second)) {
        confirmed.erase(place);
        ++refuted_;
        continue;
      }
      add_writers(place->second, *ring->pattern);
    }
    for (auto& [key, prediction] : confirmed) report_.deadlocks.push_back(std::move(prediction));
    if (refuted_ > 0) report_.bounds.push_back(std::to_string(refuted_) + " reorderings did not hold when they were replayed, and were dropped");
  }

  bool explain(const Ring& ring, const Witness& witness, Prediction& prediction) const {
    Program program = witness.program();
    if (!check(program, "trace").ok()) return false;
    const Model model(program);
    Exploration found = explore(model, options_.predict.explore, [&](const Position& position, std::span<const std::uint32_t> stuck) {
      return stuck.size() == position.model().instances().size();
    });
    if (found.end != SearchEnd::kFound) return false;
    prediction = describe(ring_names(), rules(), tracker_.requests(), *ring.pattern);
    for (std::size_t i = 0; i < prediction.ring.size(); ++i) prediction.ring[i].thread = names_.threads[ring.reordering->requests[i].thread];
    prediction.way = std::move(found.way);
    prediction.stuck = std::move(found.stuck);
    prediction.states = found.states;
    prediction.program = std::move(program);
    prediction.trace_events = witness.events();
    return true;
  }

  void add_writers(Prediction& prediction, const Pattern& pattern) const {
    const std::size_t size = pattern.requests.size();
    for (std::size_t i = 0; i < size; ++i) {
      if (pattern.blocking[(i + size - 1) % size] == Blocking::kWaitingWriter) note_writer(prediction, tracker_.requests()[pattern.requests[i]]);
    }
  }

  void note_writer(Prediction& prediction, const Request& request) const {
    const RingNames names = ring_names();
    const std::string text = names.thread(request) + " at " + names.place(request);
    if (std::find(prediction.writers.begin(), prediction.writers.end(), text) == prediction.writers.end()) prediction.writers.push_back(text);
  }

  void hazards() {
    std::vector<Request> requests = tracker_.requests();
    const std::size_t real = requests.size();
    for (Request& writer : imagined_writers(rules(), static_cast<std::uint32_t>(names_.threads.size()))) requests.push_back(std::move(writer));
    std::set<std::vector<std::uint32_t>> seen;
    for (const Pattern& pattern : search_.patterns) seen.insert(without_writers(pattern, requests));
    for (const Pattern& pattern : find_patterns(rules(), requests, options_.predict.patterns).patterns) {
      const bool imagined = std::any_of(pattern.requests.begin(), pattern.requests.end(), [&](std::uint32_t i) { return i >= real; });
      if (!imagined || !seen.insert(without_writers(pattern, requests)).second) continue;
      Prediction hazard = describe(ring_names(), rules(), requests, pattern);
      hazard.kind = PredictionKind::kHazard;
      for (std::size_t i = pattern.requests.size(); i-- > 0;) {
        if (pattern.requests[i] < real) continue;
        for (std::size_t w = 0; w < real; ++w) {
          if (requests[w].lock == requests[pattern.requests[i]].lock && requests[w].mode == LockMode::kExclusive) note_writer(hazard, requests[w]);
        }
        hazard.ring.erase(hazard.ring.begin() + static_cast<std::ptrdiff_t>(i));
      }
      hazard.reason = hazard.writers.empty() ? "no writer seen" : "the writers seen can't wait there";
      report_.hazards.push_back(std::move(hazard));
    }
  }

  void inversions() {
    std::set<std::uint32_t> apart;  // requests of rings that no reordering was found for
    for (const Ring& ring : rings_) {
      if (!ring.reordering) apart.insert(ring.pattern->requests.begin(), ring.pattern->requests.end());
    }
    for (const Inversion& inversion : inversions_of(ring_names(), rules(), tracker_.requests(), kMaxInversions)) {
      if (inversion.reason.empty() && !(apart.contains(inversion.first) && apart.contains(inversion.second))) continue;
      Prediction prediction = describe(ring_names(), rules(), tracker_.requests(), {{inversion.first, inversion.second}, {Blocking::kHolder, Blocking::kHolder}});
      prediction.kind = PredictionKind::kInversion;
      prediction.reason = inversion.reason.empty() ? "no order that keeps the critical sections' order brings both about" : inversion.reason;
      report_.inversions.push_back(std::move(prediction));
    }
  }

  const TraceStream& trace_;
  PredictTraceOptions options_;
  const TraceNames& names_;
  RequestTracker tracker_;
  PatternSearch search_;
  std::vector<Ring> rings_;
  bool ends_are_joins_ = false, combinations_cut_ = false;
  std::uint64_t refuted_ = 0, work_end_ = 0;
  PredictReport report_;
};

}  // namespace

PredictReport predict(const TraceStream& trace, const PredictTraceOptions& options) { return TracePrediction(trace, options).run(); }

}  // namespace tailback::replay
