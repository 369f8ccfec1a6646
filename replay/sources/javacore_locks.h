// Who holds and awaits what, as a javacore tells it apart from the threads' own lines: in its LOCKS section, which stands before the
// threads, in "Owned by", which may name a thread that comes later, and in the VM's own list of deadlocks.
//
// Threads are told apart by the addresses that the file prints, and by name only where it prints none: pools give one name to many.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replay/sources/java_thread.h"
#include "replay/sources/javacore_lines.h"

namespace tailback::replay {

/// What a thread waits for by the LOCKS section.
struct JavacoreWait {
  enum class How : std::uint8_t {
    kEnter,
    kPark,
    kNotify,      ///< in the queue of those to be notified: in Object.wait(), or, for a flat lock of IBM Java 1.4, on its way in
  };
  How how = How::kEnter;
  std::uint64_t address = 0;
  std::string class_name;
  bool owned = false;

  [[nodiscard]] JavaLock lock() const { return {address, class_name}; }
};

class JavacoreLocks {
 public:
  /// java/lang/String@0x00007F5E5E18E3D8: Flat locked by "Writer 1" (J9VMThread:0x00007F5E84362100), entry count 1
  /// java.lang.Object@9B3D78/9B3D80: Flat locked by thread ident 0x08, entry count 1             (IBM Java 1.4: object and lock word)
  void object_monitor(std::string_view text);
  /// VM class table lock (0x00007FDB4C006B08): Flat locked by "Default Executor-thread-14" (J9VMThread:0x000000000150AD00), entry count 1
  void system_monitor(std::string_view text);
  /// The next lines are of another monitor, whose name comes later.
  void end_monitor() { monitor_ = {}; }
  void waiter(std::string_view text, JavacoreWait::How how);  ///< "Writer 0" (J9VMThread:0x00007F5E8435BD00)
  /// java.net.PlainSocketImpl@5E139B0/5E139B8, and below it: locknflags 002B0000 Flat locked by thread ident 0x2B, entry count 1
  void flat_locked(std::string_view text) { begin_monitor(text, false); }
  void flat_details(std::string_view text) { add_owner(text); }
  void thread_ident(std::string_view text);                   ///< ident 0x08 "Thread-2" (0x22AAAED0) ee 0x22AAAD48

  void deadlock_thread(std::string_view text);                ///< Thread "Writer 1" (0x92A3EC00)
  void deadlock_monitor() { deadlock_.how = JavacoreWait::How::kEnter; }  ///< the next object is locked as a monitor
  void deadlock_object(std::string_view text);                ///< java/lang/Object@0xB5666688, VM class table lock (0x…):

  void owned(const JavacoreOwner& owner, JavaLock lock, LockKind kind);

  [[nodiscard]] const JavacoreWait* wait_of(const JavacoreThread& thread) const;
  /// A thread of the dump; of none where that one has not been added.
  [[nodiscard]] ThreadIndex thread_of(const JavacoreThread& thread) const;
  void add_thread(const JavacoreThread& thread, ThreadIndex index);

  /// Puts the holds into the open dump; returns how many owners are no thread of it.
  std::size_t resolve(DumpBuilder& builder, JavaThreads& threads);

 private:
  struct Monitor {
    std::uint64_t address = 0;
    std::string class_name;
    bool system = false, owned = false;
    std::size_t pending_owner = 0;  ///< of a system monitor, whose owner counts once somebody waits: 1 + index in owned_
  };
  struct Owned {
    std::uint64_t address = 0, ident = 0;
    std::string name;
    bool ended = false, counts = true;
    std::uint64_t lock = 0;
    std::string class_name;
    LockKind kind = LockKind::kMonitor;
  };

  void begin_monitor(std::string_view object, bool system);
  void add_owner(std::string_view text);
  void add_wait(const JavacoreOwner& thread, JavacoreWait wait);
  [[nodiscard]] ThreadIndex thread_of(const Owned& owned) const;

  Monitor monitor_;
  JavacoreWait deadlock_;                                    ///< of the thread that the VM's list of deadlocks names last:
  std::string deadlock_name_;
  std::uint64_t deadlock_address_ = 0;
  std::vector<Owned> owned_;
  std::unordered_map<std::uint64_t, JavacoreWait> wait_of_address_;
  std::unordered_map<std::string, JavacoreWait> wait_of_name_;
  std::unordered_map<std::uint64_t, std::uint64_t> address_of_ident_;
  std::unordered_map<std::uint64_t, ThreadIndex> thread_of_address_;
  std::unordered_map<std::string, ThreadIndex> thread_of_name_;  ///< without a thread where several have the name
};

}  // namespace tailback::replay
