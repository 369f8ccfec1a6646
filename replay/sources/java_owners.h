// Owners of locks that a dump names apart from their own threads' lines, put to the threads once all of them are known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/java_thread.h"

namespace tailback::replay {

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
