#include "runtime/capture/resolver.h"

#include <algorithm>

#include "runtime/capture/system_calls.h"
#include "runtime/symbols/module_list.h"

namespace tailback {

AddressNamer::AddressNamer(Symbolizer& symbolizer, const std::vector<Module>& captured, const std::vector<Module>& loaded)
    : symbolizer_(symbolizer), captured_(captured), loaded_(loaded) {}

std::uint64_t AddressNamer::here(std::uint64_t address, const Module* captured) const {
  if (&captured_ == &loaded_) return address;
  if (captured == nullptr || captured->build_id.empty()) return 0;
  for (const Module& module : loaded_) {
    if (module.build_id == captured->build_id) return address - captured->base + module.base;
  }
  return 0;
}

const std::vector<FrameId>& AddressNamer::frames(std::uint64_t address, StackTable& table) {
  auto [found, added] = cache_.try_emplace(address);
  if (!added) return found->second;
  const Module* module = find_module(captured_, address);
  Frame frame;
  frame.address = address;
  if (module != nullptr) {
    frame.module = table.intern(module->path);
    frame.offset = address - module->base;
  }
  const std::uint64_t local = here(address, module);
  static const std::vector<NamedFrame> kNothing(1);
  const std::vector<NamedFrame>& names = local != 0 ? symbolizer_.name(local) : kNothing;
  unnamed_ += names.back().function.empty();
  for (const NamedFrame& name : names) {
    frame.function = name.function.empty() ? StringId{} : table.intern(name.function);
    frame.file = name.file.empty() ? StringId{} : table.intern(name.file);
    frame.line = name.line;
    frame.inlined = name.inlined;
    found->second.push_back(table.intern(frame));
  }
  return found->second;
}

std::string AddressNamer::data_name(std::uint64_t address) {
  const Module* module = find_module(captured_, address);
  const std::uint64_t local = module != nullptr ? here(address, module) : 0;
  return local != 0 ? symbolizer_.data_name(local) : std::string();
}

const ResolvedStack& Resolver::stack(std::uint64_t offset) {
  auto [found, added] = stacks_.try_emplace(offset);
  ResolvedStack& stack = found->second;
  if (!added) return stack;
  stack.addresses = raw_.stack(offset);
  std::vector<FrameId> frames;
  for (std::uint64_t address : stack.addresses) {
    stack.first_frame.push_back(static_cast<std::uint16_t>(std::min<std::size_t>(frames.size(), 0xffff)));
    const auto& named = namer_.frames(address, recording_.table);
    frames.insert(frames.end(), named.begin(), named.end());
  }
  std::vector<std::string_view> functions;
  for (FrameId frame : frames) functions.push_back(recording_.table.function(frame));
  stack.site = find_lock_site(functions);
  if (!frames.empty()) stack.id = recording_.table.intern(frames);
  return stack;
}

ThreadRecord Resolver::thread(const ThreadRow& row) {
  ThreadRecord record;
  record.id = std::to_string(row.tid);
  record.cpu_ns = row.cpu_ns;
  const ResolvedStack& where = stack(row.stack);
  record.stack = where.id;
  SystemCall call;
  call.reading = static_cast<CallReading>(row.reading);
  call.number = row.call;
  record.state = state_of(call);
  record.system_call = call.number;
  // Signalled without /proc: the stack alone tells that it waits.
  if (record.state == ThreadState::kUnknown && where.site.api != LockApi::kNone) record.state = ThreadState::kBlocked;

  const auto absence = row.absence < static_cast<std::uint8_t>(Absence::kCount) ? static_cast<Absence>(row.absence) : Absence::kBroken;
  if (row.done == 0) {
    record.quality = StackQuality::kMissing;
    record.absence_reason = recording_.table.intern("the process ended before it was read");
  } else if (absence != Absence::kNone) {
    record.quality = record.stack ? StackQuality::kPartial : StackQuality::kMissing;
    record.absence_reason = recording_.table.intern(to_string(absence));
    if (absence == Absence::kGone) record.state = ThreadState::kDead;
  } else {
    record.quality = row.way == RowWay::kRecovered ? StackQuality::kRecovered : StackQuality::kComplete;
  }
  return record;
}

LockId Resolver::lock(Dump& dump, const LockWords& words, const LockPiece& piece) {
  const std::uint64_t key = (words.base != 0 ? words.base : piece.futex) << 4 ^ static_cast<std::uint64_t>(words.kind);
  auto [found, added] = locks_.try_emplace(key);
  if (!added) {
    Lock& known = dump.locks[found->second.index];
    if (known.policy == LockPolicy::kUnknown) known.policy = words.policy;
    return found->second;
  }
  found->second = LockId{static_cast<std::uint32_t>(dump.locks.size())};
  Lock lock;
  lock.address = words.base;
  lock.kind = words.kind;
  lock.policy = words.policy;
  lock.readers = words.readers;
  lock.queued = words.queued;
  if (const std::string name = namer_.data_name(words.base); !name.empty()) lock.name = recording_.table.intern(name);
  if (words.owner != 0) {
    lock.owner = std::to_string(words.owner);
    owners_.push_back({found->second, words.owner, owner_changed(piece, words)});
  }
  dump.locks.push_back(std::move(lock));
  return found->second;
}

void Resolver::add_wait(Dump& dump, ThreadIndex thread, const ThreadRow& row) {
  LockPiece piece;
  if (row.done == 0 || !raw_.lock(row.lock, piece)) return;
  const ResolvedStack& where = stack(row.stack);
  const LockWords words = read_lock_words(piece, where.site.api, static_cast<std::uint32_t>(row.arguments[2]));
  Wait wait;
  wait.thread = thread;
  wait.lock = lock(dump, words, piece);
  wait.mode = words.mode;
  wait.front = words.front;
  wait.frame = where.site.wait_frame;
  dump.waits.push_back(wait);
}

void Resolver::add_owners(Dump& dump) {
  std::unordered_map<std::string, std::uint32_t> by_id;
  if (!owners_.empty()) {
    for (std::uint32_t i = 0; i < dump.threads.size(); ++i) by_id.emplace(dump.threads[i].id, i);
  }
  for (const Owner& owner : owners_) {
    const Lock& lock = dump.locks[owner.lock.index];
    Hold hold;
    if (const auto found = by_id.find(lock.owner); found != by_id.end()) hold.thread = ThreadIndex{found->second};
    hold.lock = owner.lock;
    std::string evidence = lock.kind == LockKind::kJoin     ? "the thread that is waited for has not ended"
                           : lock.kind == LockKind::kRwlock ? "the lock's own word for its writer"
                                                            : "the mutex' own word for its owner";
    if (owner.changed) {
      evidence += "; the lock changed while the dump was taken";
      hold.strength = 1;
    }
    hold.evidence = recording_.table.intern(evidence);
    dump.holds.push_back(hold);
  }
}

Dump Resolver::run() {
  Dump dump;
  const DumpHeader& header = raw_.header();
  dump.wall_ns = header.wall_ns;
  dump.mono_ns = header.mono_ns;
  dump.duration_ns = header.duration_ns;
  dump.breach_id = header.breach_id;
  dump.threads_missed = header.threads_missed;
  if (header.reason[0] != 0) dump.reason = recording_.table.intern(header.reason);
  dump.threads.reserve(raw_.row_count());
  for (std::uint32_t index = 0; index < raw_.row_count(); ++index) {
    const ThreadRow row = raw_.row(index);
    dump.threads.push_back(thread(row));
    add_wait(dump, ThreadIndex{index}, row);
  }
  add_owners(dump);
  return dump;
}

}  // namespace tailback
