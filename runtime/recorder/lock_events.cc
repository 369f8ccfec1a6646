#include "runtime/recorder/lock_events.h"

#include <vector>

#include "runtime/locks/event_log.h"

namespace tailback {
namespace {

constexpr std::uint32_t kRecordsOfAThread = 4096;

}  // namespace

void LockEventRecorder::start() const {
  if (!on()) return;
  locks::EventLogOptions options;
  options.mode = mode_ == LockEvents::kFull ? locks::EventMode::kFull : locks::EventMode::kLast;
  options.records_per_thread = kRecordsOfAThread;
  locks::start_events(options);
}

void LockEventRecorder::stop() const {
  if (on()) locks::stop_events();
}

std::uint64_t LockEventRecorder::lost() const { return on() ? locks::events_lost() : 0; }

void LockEventRecorder::store(EventSink& sink, Recording& recording, const locks::PlaceNames& names) {
  if (!on()) return;
  std::vector<locks::RawEvent> raw;
  locks::drain_events([](const locks::RawEvent& event, void* into) { static_cast<std::vector<locks::RawEvent>*>(into)->push_back(event); }, &raw);
  for (const locks::RawEvent& from : raw) {
    if (from.lock != 0) name_lock(from.lock, recording);
    if (from.operation == LockOperation::kWait) name_lock(from.other, recording);
    LockEvent event;
    event.order = from.order;
    event.mono_ns = from.mono_ns;
    event.thread = from.thread;
    event.lock = from.lock;
    event.operation = from.operation;
    event.mode = from.mode;
    event.other = from.other;
    // A return address is after the call that it belongs to.
    if (from.place != 0) event.place = locks::place_text(recording.table, from.place - 1, names);
    sink.lock_event(event);
  }
}

void LockEventRecorder::name_lock(std::uint64_t id, Recording& recording) {
  if (!known_.insert(id).second) return;
  Lock lock;
  lock.registry_id = id;
  locks::LockView view;
  // One that is gone already is known by its id alone.
  if (locks::find_lock(id, view)) {
    lock.address = view.address;
    lock.kind = locks::to_model(view.kind);
    lock.policy = locks::to_model(view.policy);
    if (!view.name().empty()) lock.name = recording.table.intern(view.name());
  }
  recording.instrumented_locks.push_back(std::move(lock));
}

}  // namespace tailback
