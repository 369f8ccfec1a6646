// What every format of Java thread dumps tells about one thread, put into the words of the model.
//
// The formats differ in how they print it (jstack, dump_to_file as text or JSON, javacore); what it means is decided here:
// which kind of lock a class is, in which mode it is waited for, which "locked" lines are holds.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "replay/sources/dump_builder.h"
#include "replay/sources/line_memo.h"

namespace tailback::replay {

/// A lock as a dump names it.
struct JavaLock {
  std::uint64_t identity = 0;    ///< the object's address, or its identity hash where the format prints that; 0: not told
  std::string_view class_name;   ///< "java.lang.Object"; '/' for '.' is understood
};

/// "java.lang.Object@26499bc3", "java/lang/Object@0x00000000F0001000": class and identity.
[[nodiscard]] JavaLock parse_java_lock(std::string_view text);

[[nodiscard]] LockKind java_lock_kind(std::string_view class_name);

/// Collects one thread and passes it to the builder. Frames come innermost first; a lock belongs to the frame before it.
class JavaThreads {
 public:
  explicit JavaThreads(DumpBuilder& builder) : builder_(builder) {}

  void begin(std::string_view id, std::string_view name, std::uint64_t line);
  /// "java.lang.Thread.sleep(java.base@17.0.15/Native Method)", "java.base/java.lang.Thread.run(Thread.java:840)"
  void frame(std::string_view text);
  /// "TIMED_WAITING (sleeping)", or a HotSpot before 1.6's "in Object.wait()"
  void state(std::string_view text);

  void locked(JavaLock lock) { locked_at(builder_.frame_count() == 0 ? 0 : builder_.frame_count() - 1, lock); }
  void locked_at(std::size_t frame, JavaLock lock);
  void enters(JavaLock lock);            ///< blocked at a monitor, in the frame before this
  void enters_at_top(JavaLock lock);     ///< blocked at a monitor, in the innermost frame
  void waits(JavaLock lock);             ///< in Object.wait() on it
  void awaits_initialiser(std::string_view class_name);  ///< another thread initialises that class
  void parks(JavaLock lock);             ///< parked, with this as the blocker
  /// Waits for it, by the thread's state: "BLOCKED on X", "WAITING on X"; the frames are known.
  void waits_by_state(JavaLock lock);
  /// Whether what is waited for is a monitor: to enter it, or in Object.wait().
  [[nodiscard]] bool at_monitor() const;
  /// What was said of a wait is taken back: the format tells it more exactly in another place.
  void retract_wait();
  [[nodiscard]] bool waits_for_something() const { return blocked_ != Blocked::kNo; }
  /// Whether the innermost frame is Object.wait()'s.
  [[nodiscard]] bool in_object_wait() const;
  /// Holds it by its owner field ("Locked ownable synchronizers", "Owned by").
  void owns(ThreadIndex thread, JavaLock lock);
  void owns_lock(ThreadIndex thread, LockId lock);
  LockId lock_of(JavaLock lock, LockKind kind);  ///< in the open dump, under its class' name

  void end();
  [[nodiscard]] bool open() const { return builder_.thread_open(); }

 private:
  struct Locked {
    LockId lock;
    std::uint16_t frame;
  };
  enum class Blocked : std::uint8_t { kNo, kEntering, kInitialising, kWaiting, kParked };

  LockId initialiser_of(std::string_view class_name);
  void tell_sleep();
  void tell_park();
  void add_waits();
  void add_holds();

  DumpBuilder& builder_;
  LineMemo<FrameId> frames_;
  std::vector<Locked> locked_;
  Blocked blocked_ = Blocked::kNo;
  JavaLock on_;                          ///< `class_name` points into class_
  std::string class_;
  std::uint16_t on_frame_ = 0;           ///< the frame under which the dump prints it
};

}  // namespace tailback::replay
