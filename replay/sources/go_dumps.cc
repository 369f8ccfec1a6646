#include "replay/sources/go_dumps.h"

#include <algorithm>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kQuietNs = 10 * kSecondNs;
constexpr std::uint64_t kStatementLines = 64;

}  // namespace

bool GoDumps::SeenIds::insert(std::uint64_t id) {
  if (size_ * 2 >= slots_.size()) grow();
  Slot& slot = find(id / 64);
  if (slot.epoch != epoch_) {
    slot = {id / 64, 0, epoch_};
    ++size_;
  }
  const std::uint64_t bit = std::uint64_t{1} << id % 64;
  const bool added = (slot.bits & bit) == 0;
  slot.bits |= bit;
  return added;
}

GoDumps::SeenIds::Slot& GoDumps::SeenIds::find(std::uint64_t neighbours) {
  std::size_t at = (neighbours * 0x9e3779b97f4a7c15u) >> 20 & (slots_.size() - 1);
  while (slots_[at].epoch == epoch_ && slots_[at].neighbours != neighbours) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

void GoDumps::SeenIds::grow() {
  std::vector<Slot> old(std::max<std::size_t>(64, slots_.size() * 2));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.epoch == epoch_) find(slot.neighbours) = slot;
  }
}

bool GoDumps::log_line(const Line& line, std::string_view text) {
  if (line.timed) gap_ = true;
  const auto is = [&](std::string_view words) { return text.starts_with(words); };
  switch (text.front()) {
    case 'p': if (!is("panic: ")) return false; break;
    case 'f': if (!is("fatal error: ")) return false; break;
    case 'r': if (!is("runtime: goroutine stack exceeds")) return false; break;
    // go-deadlock's report names who took the lock, and who asks for it.
    case 'P':
      if (is("POTENTIAL DEADLOCK:")) begin_report();
      return (is("POTENTIAL DEADLOCK:") || is("Previous place where the lock was grabbed")) && report(text);
    case 'H': return is("Have been trying to lock it again") && report(text);
    case 'O': return is("Other goroutines holding locks") && report(text);
    case 'g': return is("goroutine ") && text.find(" lock 0x") != std::string_view::npos && report(text);
    case 'S': if (text != "SIGQUIT: quit" && text != "SIGABRT: abort") return false; break;
    case '[': if (!is("[signal ")) return false; break;
    case '-': if (text == "-----") next_thread_of_crash_ = true; return false;
    default: return false;
  }
  statement(line, text);
  return true;
}

void GoDumps::end_at_mark(const Line& line, std::string_view text) {
  const bool marker = text.find("BEGIN") != std::string_view::npos || text.find("END") != std::string_view::npos;
  const bool of_stacks = text.find("goroutine") != std::string_view::npos || text.find("stack") != std::string_view::npos || text.find("dump") != std::string_view::npos;
  if (marker && of_stacks) end();
  // The log has gone on for a while: nothing of this dump is still to come.
  if (line.timed && last_wall_ns_ != 0 && line.wall_ns - last_wall_ns_ >= kQuietNs) {
    end();
    dumps_of_report_ = 0;
  }
}

void GoDumps::statement(const Line& line, std::string_view text) {
  // Each thread of a crash repeats the signal; "[signal …]" and panics while panicking go on with the same story.
  const bool goes_on = next_thread_of_crash_ || (!statements_.empty() && lines_apart(statement_line_, line.number) < kStatementLines);
  if (!goes_on) {
    end();
    statements_.clear();
  }
  if (text.starts_with("SIGQUIT")) sigquit_ = true;
  else if (!next_thread_of_crash_ && statements_.size() < 16) statements_.emplace_back(text.substr(0, 1024));
  statement_line_ = line.number;
}

/// One dump shows what the holder does now, and the next, where it is asked for, all goroutines: the report is about both.
void GoDumps::begin_report() {
  constexpr unsigned kDumpsOfAReport = 2;
  end();
  report_.clear();
  dumps_of_report_ = kDumpsOfAReport;
}

bool GoDumps::report(std::string_view text) {
  constexpr std::size_t kMostLines = 32;
  if (dumps_of_report_ == 0 || report_.size() >= kMostLines) return false;
  report_.emplace_back(text.substr(0, 256));
  return true;
}

void GoDumps::begin(const Line& line) {
  Dump& dump = builder_.begin_dump(line.wall_ns);
  seen_.clear();
  gap_ = false;
  if (lines_apart(statement_line_, line.number) < kStatementLines) {
    for (const std::string& text : statements_) dump.statements.push_back(builder_.table().intern(text));
    if (sigquit_) dump.reason = builder_.table().intern("SIGQUIT");
  }
  statements_.clear();
  sigquit_ = false;
  if (dumps_of_report_ > 0) {
    for (const std::string& text : report_) dump.statements.push_back(builder_.table().intern(text));
    --dumps_of_report_;
  }
}

/// Tells whether this goroutine begins another dump. The dumps of one log follow each other without a mark.
void GoDumps::border(const Line& line, const GoHeader& header) {
  if (!builder_.dump_has_threads()) {
    if (!builder_.dump_open()) begin(line);
    seen_.insert(header.id);
    return;
  }
  const bool again = header.id != 0 && !seen_.insert(header.id);  // 0 is each thread's own
  if (again) return carry_last_thread_over(line);
  // Whoever dumps is printed first, and runs.
  if (header.state == "running" && gap_ && line.wall_ns - last_wall_ns_ >= kSecondNs && last_wall_ns_ != 0) begin(line);
}

/// The goroutine that dumps is printed first and may be one that the dump before did not have; then the repetition shows only
/// with the second goroutine, and the first has gone to the wrong dump.
void GoDumps::carry_last_thread_over(const Line& line) {
  builder_.end_thread();
  Dump& dump = builder_.dump();
  ThreadRecord last = dump.threads.back();
  const std::uint64_t its_line = dump.line_of_thread.back();
  const bool carry = dump.threads.size() > 1 && last.state_text && builder_.table().text(last.state_text) == "running";
  if (carry) {
    dump.threads.pop_back();
    dump.line_of_thread.pop_back();
  }
  begin(line);
  if (carry) {
    std::string_view id = last.id;
    seen_.insert(take_number(id).value_or(0));
    builder_.dump().threads.push_back(std::move(last));
    builder_.dump().line_of_thread.push_back(its_line);
  }
}

void GoDumps::before_goroutine(const Line& line, const GoHeader& header) {
  border(line, header);
  seen_.insert(header.id);
  last_wall_ns_ = line.wall_ns;
  gap_ = false;
  next_thread_of_crash_ = false;
}

void GoDumps::end() {
  builder_.end_dump();
  last_wall_ns_ = 0;
  next_thread_of_crash_ = false;
}

void GoDumps::finish() {
  if (!statements_.empty()) builder_.diagnose(Severity::kInformation, statement_line_, "a panic or fatal error without stacks");
}

}  // namespace tailback::replay
