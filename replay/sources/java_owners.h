// Owners of locks that a dump names apart from their own threads' lines, put to the threads once all of them are known.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "replay/sources/java_thread.h"

namespace tailback::replay {

/// What a text tells of owners, put into the open dump: each hold once. An owner that the text names and that can't be identified in the dump is in
/// Lock::owner (kNotIdentified): that is no hold, but nobody else may be taken for the holder. Of two owners told of a lock the one that is shown counts.
class ToldOwners {
 public:
  ToldOwners(Dump& dump, JavaThreads& threads);
  /// Without a thread: not identified. `name` may be empty.
  void add(LockId lock, ThreadIndex thread, std::string_view name);
  /// All have been told. How many could not be identified.
  std::size_t finish();

 private:
  static std::uint64_t key(LockId lock, ThreadIndex thread) { return std::uint64_t{lock.index} << 32 | thread.index; }

  Dump& dump_;
  JavaThreads& threads_;
  std::unordered_set<std::uint64_t> known_;  ///< holds that the dump has
  std::size_t not_identified_ = 0;
};

class JavaOwners {
 public:
  /// `id` or `name` may be empty. `monitor`: held as a Java monitor, and not as a lock of java.util.concurrent.
  void add(std::string_view id, std::string_view name, JavaLock lock, bool monitor);
  /// Puts the holds into the open dump; returns how many owners could not be told. Forgets them all.
  std::size_t resolve(DumpBuilder& builder, JavaThreads& threads);

 private:
  struct Owned {
    std::string id, name;
    std::uint64_t lock = 0;
    std::string class_name;
    bool monitor = false;
  };
  std::vector<Owned> owned_;
};

}  // namespace tailback::replay
