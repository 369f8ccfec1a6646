#include <fmt/core.h>

#include <algorithm>

#include "analyze/report/text_sections.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kLocksShown = 8;
constexpr std::size_t kHoldersShown = 3;

std::string queue_text(const Lock& lock, const Queue& queue) {
  if (queue.total() == 0) return "nobody waits";
  if (lock.kind != LockKind::kRwlock) return fmt::format("{} wait{}", with_separators(queue.total()), queue.total() == 1 ? "s" : "");
  std::string text;
  if (queue.exclusive) text = fmt::format("{} wait{} to write", with_separators(queue.exclusive), queue.exclusive == 1 ? "s" : "");
  if (queue.shared) text += fmt::format("{}{} wait{} to read", text.empty() ? "" : ", ", with_separators(queue.shared), queue.shared == 1 ? "s" : "");
  return text;
}

std::string holder_text(const Recording& recording, const Dump& dump, const Hold& hold) {
  const Lock& lock = dump.locks[hold.lock.index];
  const std::string_view mode = mode_word(lock.kind, hold.mode);
  std::string text = fmt::format("held{}{} by ", mode.empty() ? "" : " to ", mode);
  if (hold.thread.index >= dump.threads.size()) {
    text += lock.owner.empty() ? "a thread that is not in the dump" : fmt::format("{} {}, which is not in the dump", thread_word(recording.info.runtime), lock.owner);
  } else {
    const ThreadRecord& thread = dump.threads[hold.thread.index];
    text += fmt::format("{} {}", thread_word(recording.info.runtime), thread.id);
    const auto stack = recording.table.stack(thread.stack);
    if (hold.frame < stack.size()) {
      const Frame& frame = recording.table.frame(stack[hold.frame]);
      text += fmt::format(" in {}", short_function(recording.table.text(frame.function), recording.info.runtime));
      if (const std::string place = short_place(place_text(recording.table, frame)); !place.empty()) text += " " + place;
    }
  }
  if (hold.basis == Basis::kInferred) {
    const std::string_view evidence = recording.table.text(hold.evidence);
    text += evidence.empty() ? " (inferred)" : fmt::format(" (inferred: {})", evidence);
  }
  return text;
}

void print_lock(Page& page, const Recording& recording, const LockIds::Entry& entry) {
  const LockInDump& seen = entry.latest();
  const Dump& dump = recording.dumps[seen.dump];
  const Lock& lock = dump.locks[seen.lock.index];
  std::string title = lock_label(recording, lock);
  if (lock.name.valid()) title += fmt::format("  {}{}{}", to_string(lock.kind), lock.address ? " " : "", address_text(lock.address));
  page.add(fmt::format("  {}  ", entry.id)).add(title).add("  ").add(queue_text(lock, seen.waiting)).end_line();
  for (std::size_t i = 0; i < std::min(seen.holds.size(), kHoldersShown); ++i) {
    page.paragraph("", 6, holder_text(recording, dump, *seen.holds[i]));
  }
  if (seen.holds.size() > kHoldersShown) page.line(fmt::format("      and {} more", seen.holds.size() - kHoldersShown));
  if (!seen.holds.empty() || !can_be_held(lock.kind) || seen.waiting.total() == 0) return;
  if (lock.owner_not_identified()) return page.paragraph("", 6, fmt::format("held by {} {}", thread_word(recording.info.runtime), lock.owner));
  page.line(lock.readers > 0 ? fmt::format("      held by {}, holder not recorded", counted(static_cast<std::uint64_t>(lock.readers), "reader", "readers"))
                             : std::string("      held, holder not recorded"));
}

}  // namespace

void print_locks(Page& page, const TextContext& context) {
  std::vector<const LockIds::Entry*> waited;
  for (const LockIds::Entry& entry : context.locks.entries()) {
    const Lock& lock = context.part.recording.dumps[entry.latest().dump].locks[entry.latest().lock.index];
    const bool stands = entry.latest().waiting.total() != 0 && (can_be_held(lock.kind) || !entry.latest().holds.empty());
    if (stands) waited.push_back(&entry);
  }
  if (waited.empty()) return;
  page.blank();
  page.line("LOCKS", Style::kBold);
  const std::size_t shown = std::min(waited.size(), kLocksShown);
  for (std::size_t i = 0; i < shown; ++i) print_lock(page, context.part.recording, *waited[i]);
  if (shown < waited.size()) page.line(fmt::format("  … and {}", counted(waited.size() - shown, "lock more", "locks more")), Style::kDim);
}

}  // namespace tailback::analyze
