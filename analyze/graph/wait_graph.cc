#include "analyze/graph/wait_graph.h"

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace tailback::analyze {
namespace {

constexpr std::uint32_t kNone = ThreadIndex::kNone;
using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// Counting sort; within a key the order of `pairs` stays.
Rows rows(std::uint32_t keys, const Pairs& pairs) {
  Rows result;
  result.begin.assign(keys + std::size_t{1}, 0);
  for (const auto& [key, value] : pairs) ++result.begin[key + 1];
  for (std::size_t i = 1; i < result.begin.size(); ++i) result.begin[i] += result.begin[i - 1];
  result.values.resize(pairs.size());
  std::vector<std::uint32_t> next(result.begin.begin(), result.begin.end() - 1);
  for (const auto& [key, value] : pairs) result.values[next[key]++] = value;
  return result;
}

}  // namespace

WaitGraph::WaitGraph(const Dump& dump, int least_strength)
    : dump_(dump), least_strength_(least_strength), threads_(static_cast<std::uint32_t>(dump.threads.size())), locks_(static_cast<std::uint32_t>(dump.locks.size())) {
  index_waits_and_holds();
  build_edges();
}

bool WaitGraph::usable(const Wait& wait) const { return wait.thread.index < threads_ && wait.lock.index < locks_; }

bool WaitGraph::usable(const Hold& hold) const {
  if (hold.thread.index >= threads_ || hold.lock.index >= locks_) return false;
  return hold.strength >= least_strength_;
}

void WaitGraph::index_waits_and_holds() {
  wait_of_.assign(threads_, kNone);
  pending_.assign(locks_, kNone);
  Pairs waits, by_lock, by_thread;
  for (std::uint32_t i = 0; i < dump_.waits.size(); ++i) {
    const Wait& wait = dump_.waits[i];
    if (!usable(wait) || wait_of_[wait.thread.index] != kNone) continue;
    wait_of_[wait.thread.index] = i;
    waits.emplace_back(wait.lock.index, i);
    std::uint32_t& pending = pending_[wait.lock.index];
    if (wait.mode == LockMode::kExclusive && (pending == kNone || (wait.front && !dump_.waits[pending].front))) pending = i;
  }
  for (std::uint32_t i = 0; i < dump_.holds.size(); ++i) {
    const Hold& hold = dump_.holds[i];
    if (!usable(hold)) continue;
    by_lock.emplace_back(hold.lock.index, i);
    by_thread.emplace_back(hold.thread.index, i);
  }
  waits_of_lock_ = rows(locks_, waits);
  holds_of_lock_ = rows(locks_, by_lock);
  holds_of_thread_ = rows(threads_, by_thread);
}

void WaitGraph::build_edges() {
  Pairs edges;
  for (std::uint32_t i = 0; i < threads_; ++i) {
    const Wait* wait = wait_of({i});
    if (wait == nullptr) continue;
    const Lock& lock = dump_.locks[wait->lock.index];
    const bool read = wait->mode == LockMode::kShared;
    // A reader that reads already passes waiting writers where the lock is reentrant.
    if (read && lock.policy == LockPolicy::kReentrant && hold({i}, wait->lock, LockMode::kExclusive) != nullptr) continue;
    edges.emplace_back(i, read ? read_node(wait->lock) : write_node(wait->lock));
  }
  for (std::uint32_t i = 0; i < locks_; ++i) {
    const LockId lock{i};
    for (const std::uint32_t at : holds_of(lock)) {
      const Hold& held = dump_.holds[at];
      edges.emplace_back(write_node(lock), held.thread.index);
      if (held.mode == LockMode::kExclusive) edges.emplace_back(read_node(lock), held.thread.index);
    }
    if (pending_[i] != kNone && writer_blocks_readers(dump_.locks[i])) edges.emplace_back(read_node(lock), dump_.waits[pending_[i]].thread.index);
  }
  const std::uint32_t nodes = threads_ + 2 * locks_;
  edges_ = rows(nodes, edges);
  for (auto& [from, to] : edges) std::swap(from, to);
  reverse_ = rows(nodes, edges);
}

const Wait* WaitGraph::wait_of(ThreadIndex thread) const {
  if (thread.index >= threads_ || wait_of_[thread.index] == kNone) return nullptr;
  return &dump_.waits[wait_of_[thread.index]];
}

std::uint64_t WaitGraph::waiting(LockId lock) const {
  std::uint64_t count = 0;
  for (const std::uint32_t at : waits_for(lock)) count += dump_.threads[dump_.waits[at].thread.index].count;
  return count;
}

const Wait* WaitGraph::pending_writer(LockId lock) const {
  return lock.index < locks_ && pending_[lock.index] != kNone ? &dump_.waits[pending_[lock.index]] : nullptr;
}

/// What the thread holds of the lock that conflicts with a request, or null. Observed holds before inferred ones.
const Hold* WaitGraph::hold(ThreadIndex thread, LockId lock, LockMode request) const {
  const Hold* found = nullptr;
  for (const std::uint32_t at : holds_by(thread)) {
    const Hold& held = dump_.holds[at];
    if (held.lock != lock || (request == LockMode::kShared && held.mode == LockMode::kShared)) continue;
    if (found == nullptr || (found->basis == Basis::kInferred && (held.basis == Basis::kObserved || held.strength > found->strength))) found = &held;
  }
  return found;
}

Step WaitGraph::step(ThreadIndex thread, ThreadIndex blocker) const {
  const Wait* wait = wait_of(thread);
  return {thread, wait->lock, wait->mode, blocker, hold(blocker, wait->lock, wait->mode)};
}

std::vector<Ring> WaitGraph::rings() const {
  const std::uint32_t nodes = threads_ + 2 * locks_;
  if (nodes == 0 || edges_.values.empty()) return {};
  using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property, boost::no_property, std::uint32_t, std::uint32_t>;
  Pairs edges;
  edges.reserve(edges_.values.size());
  for (Node from = 0; from < nodes; ++from) {
    for (const Node to : edges_.of(from)) edges.emplace_back(from, to);
  }
  const Graph graph(boost::edges_are_sorted, edges.begin(), edges.end(), nodes);
  std::vector<std::uint32_t> component(nodes);
  const std::uint32_t count = boost::strong_components(graph, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<std::uint32_t> size(count, 0);
  for (const std::uint32_t c : component) ++size[c];
  std::vector<Ring> rings;
  std::vector<bool> done(count, false);
  for (Node thread = 0; thread < threads_; ++thread) {
    const std::uint32_t c = component[thread];
    // Begin with a thread that holds something, so that a ring reads "holds … waits …" from its first line.
    if (size[c] < 2 || done[c] || holds_by({thread}).empty()) continue;
    Ring ring = ring_through(thread, component);
    if (ring.empty()) continue;
    done[c] = true;
    rings.push_back(std::move(ring));
  }
  return rings;
}

/// A shortest way from the start back to itself, within its component.
Ring WaitGraph::ring_through(Node start, std::span<const std::uint32_t> component) const {
  std::unordered_map<Node, Node> parent;
  std::vector<Node> queue{start};
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const Node node = queue[at];
    for (const Node to : edges_.of(node)) {
      if (component[to] != component[start]) continue;
      if (to == start) {
        std::vector<Node> way{start};
        for (Node back = node; back != start; back = parent.at(back)) way.push_back(back);
        std::vector<ThreadIndex> threads{{start}};
        for (auto it = way.rbegin(); it != way.rend(); ++it) {
          if (*it < threads_ && *it != start) threads.push_back({*it});
        }
        Ring ring;
        for (std::size_t i = 0; i < threads.size(); ++i) ring.push_back(step(threads[i], threads[(i + 1) % threads.size()]));
        return ring;
      }
      if (parent.try_emplace(to, node).second) queue.push_back(to);
    }
  }
  return {};
}

std::uint64_t WaitGraph::blocked_behind(std::span<const ThreadIndex> threads) const {
  std::vector<bool> seen(threads_ + 2 * std::size_t{locks_}, false);
  std::vector<Node> queue;
  for (const ThreadIndex thread : threads) {
    if (!seen[thread.index]) queue.push_back(thread.index);
    seen[thread.index] = true;
  }
  const std::size_t roots = queue.size();
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < queue.size(); ++at) {
    if (at >= roots && queue[at] < threads_) count += dump_.threads[queue[at]].count;
    for (const Node from : reverse_.of(queue[at])) {
      if (!seen[from]) queue.push_back(from);
      seen[from] = true;
    }
  }
  return count;
}

std::optional<Step> WaitGraph::next(ThreadIndex thread) const {
  const Wait* wait = wait_of(thread);
  if (wait == nullptr) return std::nullopt;
  ThreadIndex blocker;
  for (const std::uint32_t at : holds_of(wait->lock)) {
    const Hold& held = dump_.holds[at];
    if (wait->mode == LockMode::kExclusive || held.mode == LockMode::kExclusive) {
      blocker = held.thread;
      break;
    }
  }
  if (!blocker.valid() && wait->mode == LockMode::kShared && writer_blocks_readers(dump_.locks[wait->lock.index])) {
    if (const Wait* writer = pending_writer(wait->lock)) blocker = writer->thread;
  }
  return blocker.valid() ? std::optional(step(thread, blocker)) : std::nullopt;
}

std::vector<Step> WaitGraph::chain(ThreadIndex from) const {
  std::vector<Step> steps;
  std::unordered_set<std::uint32_t> seen;
  for (ThreadIndex thread = from; seen.insert(thread.index).second; thread = steps.back().blocker) {
    const std::optional<Step> following = next(thread);
    if (!following) break;
    steps.push_back(*following);
  }
  return steps;
}

}  // namespace tailback::analyze
