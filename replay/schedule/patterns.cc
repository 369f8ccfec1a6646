// find_patterns(): minimal rings in the graph of who is blocked by whom.
//
// Strongly connected components first, then a depth-first search for rings of bounded length within each, from its smallest index up, so
// that each ring is found once. A ring with a chord contains a shorter ring whose holds fit together as well, so only chordless ones are kept.
#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <map>
#include <tuple>
#include <unordered_map>

#include "replay/schedule/requests.h"

namespace tailback::replay {
namespace {

struct Edge {
  std::uint32_t to;
  Blocking blocking;
};
using Graph = std::vector<std::vector<Edge>>;

Graph graph_of(std::span<const LockRule> rules, std::span<const Request> requests) {
  // Only who holds or asks for the lock can block.
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> candidates;
  for (std::uint32_t v = 0; v < requests.size(); ++v) {
    for (const HeldLock& hold : requests[v].held) candidates[hold.lock].push_back(v);
    if (requests[v].mode == LockMode::kExclusive && requests[v].holds(requests[v].lock) == nullptr) candidates[requests[v].lock].push_back(v);
  }
  Graph graph(requests.size());
  for (std::uint32_t u = 0; u < requests.size(); ++u) {
    const auto found = candidates.find(requests[u].lock);
    if (found == candidates.end()) continue;
    for (const std::uint32_t v : found->second) {
      if (const auto blocking = blocked_by(rules, requests[u], requests[v])) graph[u].push_back({v, *blocking});
    }
  }
  return graph;
}

/// The strongly connected component of each request.
std::vector<std::uint32_t> components_of(const Graph& graph) {
  using Sparse = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property, boost::no_property, std::uint32_t>;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  for (std::uint32_t from = 0; from < graph.size(); ++from) {
    for (const Edge& edge : graph[from]) edges.emplace_back(from, edge.to);
  }
  const Sparse sparse(boost::edges_are_sorted, edges.begin(), edges.end(), static_cast<std::uint32_t>(graph.size()));
  std::vector<std::uint32_t> component(graph.size(), kNone);
  if (!graph.empty()) boost::strong_components(sparse, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, sparse)));
  return component;
}

/// The requests that may be part of a ring at all. Decided on what they ask and hold without the places: a trace has thousands of requests that differ in those only,
/// and each would have an edge to each.
std::vector<std::uint32_t> in_some_ring(std::span<const LockRule> rules, std::span<const Request> requests) {
  std::map<std::tuple<std::uint32_t, LockMode, std::vector<HeldLock>>, std::uint32_t> known;
  std::vector<Request> shapes;
  std::vector<std::uint32_t> shape_of;
  for (const Request& request : requests) {
    Request shape{request.lock, request.mode, request.held, {}, kNone, kNone};
    for (HeldLock& hold : shape.held) hold.step = 0;
    const auto [place, fresh] = known.try_emplace({shape.lock, shape.mode, shape.held}, static_cast<std::uint32_t>(shapes.size()));
    if (fresh) shapes.push_back(std::move(shape));
    shape_of.push_back(place->second);
  }
  const Graph graph = graph_of(rules, shapes);
  const std::vector<std::uint32_t> component = components_of(graph);
  std::vector<bool> kept(shapes.size(), false);
  for (std::uint32_t shape = 0; shape < shapes.size(); ++shape) {
    kept[shape] = blocks_itself(rules, shapes[shape]) ||
                  std::any_of(graph[shape].begin(), graph[shape].end(), [&](const Edge& edge) { return component[edge.to] == component[shape]; });
  }
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < requests.size(); ++i) {
    if (kept[shape_of[i]]) result.push_back(i);
  }
  return result;
}

class RingSearch {
 public:
  RingSearch(std::span<const LockRule> rules, std::span<const Request> requests, const PatternLimits& limits)
      : requests_(requests), limits_(limits), graph_(graph_of(rules, requests)), component_(components_of(graph_)) {
    for (std::uint32_t u = 0; u < requests.size(); ++u) {
      if (blocks_itself(rules, requests[u])) result_.patterns.push_back({{u}, {Blocking::kHolder}});
    }
    self_ = result_.patterns.size();
  }

  PatternSearch run() {
    for (std::uint32_t start = 0; start < requests_.size() && !full(); ++start) {
      // What waits for itself is a pattern of its own already.
      if (blocked_alone(start)) continue;
      path_ = {start};
      blocking_.clear();
      extend(start);
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool full() {
    const bool over = result_.patterns.size() >= limits_.patterns || steps_ >= limits_.steps;
    result_.truncated = result_.truncated || over;
    return over;
  }

  [[nodiscard]] bool blocked_alone(std::uint32_t u) const {
    return std::any_of(result_.patterns.begin(), result_.patterns.begin() + static_cast<std::ptrdiff_t>(self_),
                       [&](const Pattern& pattern) { return pattern.requests[0] == u; });
  }

  [[nodiscard]] bool blocks(std::uint32_t u, std::uint32_t v) const {
    return std::any_of(graph_[u].begin(), graph_[u].end(), [&](const Edge& edge) { return edge.to == v; });
  }

  void extend(std::uint32_t start) {
    const std::uint32_t at = path_.back();
    for (const Edge& edge : graph_[at]) {
      if (full()) return;
      ++steps_;
      if (edge.to == start) {
        // A request of several threads can block itself in another thread: two upgraders on one line.
        if (path_.size() == 1 && !two_of(start)) continue;
        close(edge.blocking);
      } else if (edge.to > start && component_[edge.to] == component_[start]) {
        if (path_.size() >= limits_.length) {
          result_.truncated = true;
        } else if (fits(edge.to)) {
          path_.push_back(edge.to);
          blocking_.push_back(edge.blocking);
          extend(start);
          path_.pop_back();
          blocking_.pop_back();
        }
      }
    }
  }

  [[nodiscard]] bool two_of(std::uint32_t u) const {
    return requests_[u].threads.size() > 1 && gate_between(requests_[u], requests_[u]) == kNone;
  }

  [[nodiscard]] bool fits(std::uint32_t next) const {
    if (blocked_alone(next)) return false;
    for (std::size_t i = 0; i < path_.size(); ++i) {
      if (path_[i] == next || gate_between(requests_[path_[i]], requests_[next]) != kNone) return false;
      if (i > 0 && blocks(next, path_[i])) return false;                       // a chord back
      if (i + 1 < path_.size() && blocks(path_[i], next)) return false;        // a chord forward
    }
    // A request that is a ring with a copy of itself would be one inside this ring.
    if (blocks(next, next) && two_of(next)) return false;
    return assignable(next);
  }

  void close(Blocking last) {
    if (path_.size() > 1 && ((blocks(path_[0], path_[0]) && two_of(path_[0])))) return;
    Pattern pattern{path_, blocking_};
    pattern.blocking.push_back(last);
    if (pattern.requests.size() == 1) {
      pattern.requests.push_back(path_[0]);  // the same request of two threads
      pattern.blocking.push_back(last);
    }
    result_.patterns.push_back(std::move(pattern));
  }

  // Whether path + next can be made by pairwise different threads: a matching, by augmenting paths. Rings are short.
  [[nodiscard]] bool assignable(std::uint32_t next) const {
    std::vector<std::uint32_t> members = path_;
    members.push_back(next);
    std::unordered_map<std::uint32_t, std::size_t> taken;
    for (std::size_t member = 0; member < members.size(); ++member) {
      std::vector<std::uint32_t> tried;
      if (!assign(members, member, taken, tried)) return false;
    }
    return true;
  }

  bool assign(const std::vector<std::uint32_t>& members, std::size_t member, std::unordered_map<std::uint32_t, std::size_t>& taken,
              std::vector<std::uint32_t>& tried) const {
    for (const std::uint32_t thread : requests_[members[member]].threads) {
      if (std::find(tried.begin(), tried.end(), thread) != tried.end()) continue;
      tried.push_back(thread);
      const auto owner = taken.find(thread);
      if (owner == taken.end() || assign(members, owner->second, taken, tried)) {
        taken[thread] = member;
        return true;
      }
    }
    return false;
  }

  std::span<const Request> requests_;
  PatternLimits limits_;
  Graph graph_;
  std::vector<std::uint32_t> component_;
  std::vector<std::uint32_t> path_;
  std::vector<Blocking> blocking_;
  std::size_t self_ = 0;
  std::uint64_t steps_ = 0;
  PatternSearch result_;
};

}  // namespace

PatternSearch find_patterns(std::span<const LockRule> rules, std::span<const Request> requests, const PatternLimits& limits) {
  const std::vector<std::uint32_t> kept = in_some_ring(rules, requests);
  if (kept.size() == requests.size()) return RingSearch(rules, requests, limits).run();
  std::vector<Request> few;
  for (const std::uint32_t index : kept) few.push_back(requests[index]);
  PatternSearch search = RingSearch(rules, few, limits).run();
  for (Pattern& pattern : search.patterns) {
    for (std::uint32_t& request : pattern.requests) request = kept[request];
  }
  return search;
}

}  // namespace tailback::replay
