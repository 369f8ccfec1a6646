#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analyze/report/text_sections.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kTextColumn = 9;
constexpr std::size_t kMostInDetail = 5;
constexpr std::size_t kMostLinks = 8;

struct SeverityLook {
  std::string_view word;
  Style style;
};

SeverityLook look_of(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kDeadlock: return {"DEADLOCK", Style::kAlarm};
    case FindingSeverity::kStall: return {"STALL", Style::kAlarm};
    case FindingSeverity::kSlow: return {"SLOW", Style::kWarning};
    case FindingSeverity::kInfo: return {"NOTE", Style::kBold};
  }
  return {"NOTE", Style::kBold};
}

void print_heading(Page& page, const Finding& finding) {
  const auto [word, style] = look_of(finding.severity);
  const std::string_view confidence = to_string(finding.confidence);
  const std::size_t room = page.width() - std::min(page.width(), confidence.size() + 2 + word.size() + 2);
  page.add(word, style).add("  ").add(padded(cut(harmless(finding.title), room), room), Style::kBold).add("  ").add(confidence);
  page.end_line();
}

/// "HashSet.mu", and what it is if `whole`: "HashSet.mu  (rwlock 0xc0000b4008)"; several locks are counted after the first.
std::string locks_phrase(const Recording& recording, const Finding& finding, bool whole) {
  const Dump& dump = recording.dumps[finding.dump];
  std::string text;
  for (const LockId id : finding.locks) {
    if (id.index >= dump.locks.size()) continue;
    const Lock& lock = dump.locks[id.index];
    if (!text.empty()) return text + fmt::format(" and {}", counted(finding.locks.size() - 1, "other lock", "other locks"));
    text = lock_label(recording, lock);
    if (whole && lock.name.valid()) text += fmt::format("  ({}{}{})", to_string(lock.kind), lock.address ? " " : "", address_text(lock.address));
  }
  return text;
}

void print_extent(Page& page, const Recording& recording, const Finding& finding) {
  const std::uint64_t blocked = finding.blocked_in_all, all = recording.dumps[finding.dump].thread_count();
  if (blocked == 0) return;
  const std::string extent = fmt::format("  {} of {} {} ({}) ", with_separators(blocked), with_separators(all), threads_word(recording.info.runtime), share_text(blocked, all));
  for (const bool whole : {true, false}) {
    const std::string locks = locks_phrase(recording, finding, whole);
    std::string line = extent + (locks.empty() ? "never go on" : blocked == 1 ? "stands behind " : "stand behind ") + locks;
    // What only an earlier dump shows is told as of then.
    if (finding.dump + 1 < recording.dumps.size()) line += fmt::format(" (in dump {})", recording.dumps[finding.dump].id);
    // Where there is no room, LOCKS below has the address.
    if (whole && display_width(line) > page.width()) continue;
    page.line(line);
    return;
  }
}

/// "goroutine 34", "thread 4711 refresher", "thread main"; `shared`: the name is not this thread's alone, so that its id must tell it, "thread 0x4A2 worker".
std::string thread_label(const Recording& recording, const Dump& dump, ThreadIndex index, bool shared) {
  if (index.index >= dump.threads.size()) return "a thread that is gone";
  const ThreadRecord& thread = dump.threads[index.index];
  const std::string_view name = recording.table.text(thread.name);
  const bool by_id = shared || (!thread.id.empty() && std::all_of(thread.id.begin(), thread.id.end(), [](char c) { return c >= '0' && c <= '9'; }));
  std::string text(thread_word(recording.info.runtime));
  text += ' ';
  text += by_id || name.empty() ? thread.id : std::string(name);
  const std::string_view given = given_name(recording, thread);
  if (by_id && !given.empty() && recording.info.runtime != Runtime::kGo) text += fmt::format(" {}", given);
  return cut(harmless(text), 28);
}

class ChainTable {
 public:
  ChainTable(const TextContext& context, const Finding& finding)
      : recording_(context.part.recording), dump_(recording_.dumps[finding.dump]), finding_(finding), locks_(context.locks) {}

  void add(const ChainLink& link) {
    const std::string who = thread_label(recording_, dump_, link.thread, shares_name(link.thread));
    const bool holds = link.holds.valid(), waits = link.waits_for.valid();
    if (holds) row(who, "holds", link.holds, link.mode, link.function, link.place, waits || !link.wait_function.empty() ? "" : link.note);
    if (waits) {
      row(holds ? "" : who, "waits", link.waits_for, link.wait_mode, link.wait_function.empty() ? link.function : link.wait_function,
          link.wait_place.empty() && link.wait_function.empty() ? link.place : link.wait_place, link.note);
    } else if (!link.wait_function.empty()) {
      row(holds ? "" : who, "stands", {}, {}, link.wait_function, link.wait_place, link.note);
    } else if (!holds) {
      row(who, "stands", {}, {}, link.function, link.place, link.note);
    }
    if (link.others == 0) return;
    // The position is told one line above: said again only where that line was about a hold.
    rows_.push_back({{counted(link.others, "other", "others")}, {waits ? "wait" : "stand"}, rows_.back()[2], {"likewise"}, {}, {}});
  }

  void print(Page& page) const {
    constexpr std::size_t kIndent = 4;
    const std::size_t needed = kIndent + table_width(rows_);
    if (needed <= page.width()) return page.table(kIndent, rows_);
    std::vector<std::vector<Cell>> rows = with_notes_below();
    // What still does not fit is taken from the functions, whose beginnings say least; the place is what one looks up.
    constexpr std::size_t kFunction = 3, kLeast = 20;
    const std::size_t width = kIndent + table_width(rows);
    if (width > page.width()) {
      std::size_t widest = 0;
      for (const auto& row : rows) widest = std::max(widest, row.size() > kFunction + 1 ? display_width(row[kFunction].text) : 0);
      const std::size_t excess = width - page.width();
      const std::size_t room = std::max(kLeast, widest > excess ? widest - excess : 0);
      for (auto& row : rows) {
        if (row.size() > kFunction + 1 && display_width(row[kFunction].text) > room) row[kFunction].text = "in " + cut_front(row[kFunction].text.substr(3), room - 3);
      }
    }
    page.table(kIndent, rows);
  }

 private:
  /// Whether another thread of the chain has the same name.
  [[nodiscard]] bool shares_name(ThreadIndex thread) const {
    if (thread.index >= dump_.threads.size()) return false;
    const StringId name = dump_.threads[thread.index].name;
    return name.valid() && std::any_of(finding_.chain.begin(), finding_.chain.end(), [&](const ChainLink& other) {
      return other.thread != thread && other.thread.index < dump_.threads.size() && dump_.threads[other.thread.index].name == name;
    });
  }
  void row(std::string who, std::string verb, LockId lock, LockMode mode, const std::string& function, const std::string& place,
           const std::string& note) {
    std::string what;
    if (lock.index < dump_.locks.size()) {
      what = mode_word(dump_.locks[lock.index].kind, mode);
      // With one lock the line above has named it; with several each line must say which.
      if (finding_.locks.size() > 1) {
        const std::string label = tells_apart(dump_.locks[lock.index].name) ? lock_label(recording_, dump_.locks[lock.index])
                                                                            : locks_.id(finding_.dump, lock);
        what += (what.empty() ? "" : " ") + label;
      }
    }
    const Runtime runtime = recording_.info.runtime;
    rows_.push_back({{std::move(who)},
                     {std::move(verb)},
                     {cut(harmless(what), 20)},
                     {function.empty() ? "" : "in " + cut(harmless(short_function(function, runtime)), 40)},
                     {harmless(short_place(place)), Style::kDim},
                     {note.empty() ? "" : "← " + note}});
  }

  /// Whether a lock's name says which of the finding's locks it is: "java.lang.Object" may be the name of all of them.
  [[nodiscard]] bool tells_apart(StringId name) const {
    if (!name.valid()) return false;
    return std::count_if(finding_.locks.begin(), finding_.locks.end(),
                         [&](LockId lock) { return lock.index < dump_.locks.size() && dump_.locks[lock.index].name == name; }) <= 1;
  }

  /// Where notes don't fit beside the frames, they stand under the function that they are about.
  [[nodiscard]] std::vector<std::vector<Cell>> with_notes_below() const {
    std::vector<std::vector<Cell>> rows;
    for (const std::vector<Cell>& row : rows_) {
      rows.emplace_back(row.begin(), row.end() - 1);
      if (!row.back().text.empty()) rows.push_back({{}, {}, {}, row.back()});
    }
    return rows;
  }

  const Recording& recording_;
  const Dump& dump_;
  const Finding& finding_;
  const LockIds& locks_;
  std::vector<std::vector<Cell>> rows_;
};

void print_chain(Page& page, const TextContext& context, const Finding& finding) {
  if (finding.chain.empty()) return;
  page.blank();
  ChainTable table(context, finding);
  const std::size_t shown = std::min(finding.chain.size(), kMostLinks);
  for (std::size_t i = 0; i < shown; ++i) table.add(finding.chain[i]);
  table.print(page);
  if (shown < finding.chain.size()) page.line(fmt::format("    … and {} more of the ring", finding.chain.size() - shown));
}

/// "heap in use grew with it, 12 MiB → 20.1 GiB (r = 0.99), 440 KiB each", of the metric that is most worth telling.
std::string growth_phrase(const Finding& finding) {
  if (finding.correlations.empty()) return {};
  const Correlation& best = finding.correlations.front();
  if (best.to <= best.from || best.r < 0.9) return {};
  std::string text = fmt::format("{} grew with it, {} → {} (r = {:.2f})", metric_words(best.metric), value_text(best.from, best.unit),
                                 value_text(best.to, best.unit), std::floor(best.r * 100) / 100);
  if (best.per_thread && best.unit == "bytes" && *best.per_thread > 0) text += fmt::format(", {} each", byte_text(*best.per_thread));
  return text;
}

std::string since_phrase(const Recording& recording, const Finding& finding) {
  std::string text;
  const auto append = [&](const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += "; ";
    text += part;
  };
  append(time_text(finding.first_seen_wall_ns));
  if (finding.oldest_wait_ns >= 0) append("longest wait " + duration_text(finding.oldest_wait_ns));
  if (finding.growth_per_second && *finding.growth_per_second != 0) {
    const std::string rate = rate_text(*finding.growth_per_second);
    const std::size_t slash = rate.find('/');
    append(rate.substr(0, slash) + " " + std::string(threads_word(recording.info.runtime)) + rate.substr(slash));
  }
  append(growth_phrase(finding));
  return text;
}

std::string seen_phrase(const Finding& finding) {
  if (!finding.seen_before) return {};
  const SeenBefore& seen = *finding.seen_before;
  std::string text = fmt::format("before: {}", counted(seen.incidents, "incident", "incidents"));
  if (seen.first_wall_ns != 0) text += fmt::format(", first on {}", date_time_text(seen.first_wall_ns));
  text += seen.similarity >= 1 ? ", same signature" : fmt::format(", similar signature ({:.0f} %)", std::floor(seen.similarity * 100));
  constexpr std::size_t kMostFiles = 3;
  for (std::size_t i = 0; i < std::min(seen.files.size(), kMostFiles); ++i) text += (i == 0 ? "; " : ", ") + short_place(seen.files[i]);
  return seen.files.size() > kMostFiles ? text + ", …" : text;
}

void print_reason(Page& page, const Recording& recording, const Finding& finding) {
  page.blank();
  const auto say = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) page.paragraph(label, kTextColumn, text);
  };
  say("  Why", finding.explanation);
  say("  Fix", finding.fix);
  say("  Since", since_phrase(recording, finding));
  say("  Seen", seen_phrase(finding));
  constexpr std::size_t kMostEvidence = 4;
  for (std::size_t i = 0; i < std::min(finding.evidence.size(), kMostEvidence); ++i) {
    page.paragraph(i == 0 ? "  From" : "", kTextColumn, finding.evidence[i]);
  }
  say("  Unless", finding.refuted_by);
}

}  // namespace

void print_findings(Page& page, const TextContext& context) {
  const std::vector<Finding>& findings = context.part.analysis.findings;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    print_heading(page, findings[i]);
    if (i >= kMostInDetail) continue;
    print_extent(page, context.part.recording, findings[i]);
    print_chain(page, context, findings[i]);
    print_reason(page, context.part.recording, findings[i]);
    page.blank();
  }
}

}  // namespace tailback::analyze
