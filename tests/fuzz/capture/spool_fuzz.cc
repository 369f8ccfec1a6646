// Input: a dump record as a process that was killed could have left it, or anything else.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "runtime/capture/lock_words.h"
#include "runtime/capture/resolver.h"
#include "runtime/capture/spool.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback;
  SpoolDump dump;
  if (dump.parse({data, size})) {
    for (std::uint32_t i = 0; i < dump.row_count(); ++i) {
      const ThreadRow row = dump.row(i);
      LockPiece piece;
      if (!dump.lock(row.lock, piece)) continue;
      for (int api = 0; api <= static_cast<int>(LockApi::kOtherCondition); ++api) {
        static_cast<void>(read_lock_words(piece, static_cast<LockApi>(api), static_cast<std::uint32_t>(row.arguments[2])));
      }
    }
    // The whole of what a start does with it, without modules: nothing is named.
    static Symbolizer symbolizer;
    const std::vector<Module> captured, loaded;
    AddressNamer namer(symbolizer, captured, loaded);
    Recording recording;
    const Dump resolved = Resolver(dump, namer, recording).run();
    if (resolved.threads.size() != dump.row_count()) __builtin_trap();
  }
  // As a whole spool: its module table and its first dump are the input.
  std::vector<unsigned char> spool(kSpoolDumpsAt + size);
  SpoolHeader header;
  header.module_bytes = size < kSpoolModuleBytes ? size : kSpoolModuleBytes;
  std::copy_n(data, header.module_bytes, spool.data() + kSpoolHeaderBytes);
  std::copy_n(data, size, spool.data() + kSpoolDumpsAt);
  Spool::seal_modules(header, spool);
  std::memcpy(spool.data(), &header, sizeof header);
  std::vector<Module> modules;
  if (!parse_spool(spool, header, modules)) __builtin_trap();
  static_cast<void>(dumps_in(spool));
  return 0;
}
