// From a raw dump to a Dump: names, and lock words → locks, waits, observed holds.
//
// Each distinct stack and address is named once. With malloc: runs after the capture is complete.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/capture/capturer.h"
#include "runtime/capture/lock_api.h"
#include "runtime/capture/lock_words.h"
#include "runtime/capture/spool.h"
#include "runtime/incident/model.h"
#include "runtime/symbols/symbolizer.h"

namespace tailback {

/// One distinct stack of a raw dump.
struct ResolvedStack {
  StackId id;
  std::vector<std::uint64_t> addresses;     ///< physical frames, innermost first, as captured
  std::vector<std::uint16_t> first_frame;   ///< for each address, the index of its first frame in the stack (inlined ones come first)
  LockSite site;
};

/// Names addresses that were captured in `modules`, which may be those of another, earlier process.
class AddressNamer {
 public:
  /// `loaded`: the modules of this process. Addresses of modules that are not loaded here get module and offset alone.
  AddressNamer(Symbolizer& symbolizer, const std::vector<Module>& captured, const std::vector<Module>& loaded);

  /// Interns the frames of one address, innermost first.
  [[nodiscard]] const std::vector<FrameId>& frames(std::uint64_t address, StackTable& table);
  [[nodiscard]] std::string data_name(std::uint64_t address);
  [[nodiscard]] std::uint32_t distinct() const { return static_cast<std::uint32_t>(cache_.size()); }
  [[nodiscard]] std::uint32_t unnamed() const { return unnamed_; }

 private:
  /// Where the same place of the same module is in this process; 0: nowhere.
  [[nodiscard]] std::uint64_t here(std::uint64_t address, const Module* captured) const;

  Symbolizer& symbolizer_;
  const std::vector<Module>& captured_;
  const std::vector<Module>& loaded_;
  std::unordered_map<std::uint64_t, std::vector<FrameId>> cache_;
  std::uint32_t unnamed_ = 0;
};

class Resolver {
 public:
  Resolver(const SpoolDump& raw, AddressNamer& namer, Recording& recording) : raw_(raw), namer_(namer), recording_(recording) {}

  /// The dump without thread names and inferred holds, which need the live process.
  [[nodiscard]] Dump run();

  [[nodiscard]] const ResolvedStack& stack(std::uint64_t offset);
  /// The row of the raw dump that a thread of the dump came from: the same index.
  [[nodiscard]] const SpoolDump& raw() const { return raw_; }

 private:
  ThreadRecord thread(const ThreadRow& row);
  void add_wait(Dump& dump, ThreadIndex thread, const ThreadRow& row);
  LockId lock(Dump& dump, const LockWords& words, const LockPiece& piece);
  void add_owners(Dump& dump);

  struct Owner {
    LockId lock;
    std::uint32_t tid;
    bool changed;
  };
  const SpoolDump& raw_;
  AddressNamer& namer_;
  Recording& recording_;
  std::unordered_map<std::uint64_t, ResolvedStack> stacks_;
  std::unordered_map<std::uint64_t, LockId> locks_;   ///< by address and kind
  std::vector<Owner> owners_;
};

}  // namespace tailback
