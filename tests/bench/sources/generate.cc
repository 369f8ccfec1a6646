// Writes Go dumps to measure readers with, on standard output.
//
//   sources_generate incident [DUMPS]        47,905 goroutines on a few stacks, as in the modelled incident: about 30 MB each
//   sources_generate distinct GOROUTINES     every goroutine on a stack of its own
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void waiting_writer(std::string& out, unsigned id, bool front) {
  char text[1024];
  std::snprintf(text, sizeof text, "goroutine %u [semacquire, %u minutes]:\nsync.runtime_SemacquireMutex(0xc0000b400c, 0x0, 0x1)\n\t/usr/local/go/src/runtime/sema.go:71 +0x47\n", id, id % 9 + 1);
  out += text;
  if (!front) out += "sync.(*Mutex).lockSlow(0xc0000b4008)\n\t/usr/local/go/src/sync/mutex.go:138 +0x105\nsync.(*Mutex).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:81\n";
  std::snprintf(text, sizeof text,
                "sync.(*RWMutex).Lock(0xc0000b4008)\n\t/usr/local/go/src/sync/rwmutex.go:98 +0x90\nmain.(*HashSet).AddOne(0xc0000b4008, 0xc%09x, 0x6)\n\t/go/src/segmentd/main.go:41 +0x3e\n"
                "main.(*segmentCache).Get(0xc000130050, 0xc%09x, 0x6, 0x0)\n\t/go/src/segmentd/main.go:108 +0x196\ncreated by net/rpc.(*Server).ServeCodec\n\t/usr/local/go/src/net/rpc/server.go:481 +0x42b\n\n",
                id * 64, id * 64);
  out += text;
}

void incident(std::string& out) {
  out += "2020/02/11 09:58:02 WARN too many goroutines: 47905 > 1000\ngoroutine 39 [running]:\nmain.dumpStacks(0x509)\n\t/go/src/segmentd/main.go:306 +0x2f\ncreated by main.main\n\t/go/src/segmentd/main.go:430 +0xe18\n\n";
  for (unsigned id = 100; id < 100 + 47904; ++id) waiting_writer(out, id, id == 100);
}

void distinct(std::string& out, unsigned count) {
  char text[512];
  for (unsigned id = 1; id <= count; ++id) {
    std::snprintf(text, sizeof text, "goroutine %u [select, 2 minutes]:\nruntime.gopark(0x0, 0x0, 0x0)\n\t/usr/local/go/src/runtime/proc.go:306 +0xe5\n", id);
    out += text;
    for (unsigned frame = 0; frame < 4; ++frame) {
      std::snprintf(text, sizeof text, "main.(*worker%u).step%u(0xc%09x, 0x%x)\n\t/go/src/app/worker%u.go:%u +0x%x\n", id, frame, id * 64 + frame, id, id % 977, frame * 10 + 7, frame * 16 + 5);
      out += text;
    }
    out += "created by main.main\n\t/go/src/app/main.go:99 +0x1b\n\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int count = argc > 2 ? std::atoi(argv[2]) : 1;
  const bool many = std::strcmp(argv[1], "distinct") == 0;
  for (int i = 0; i < (many ? 1 : count); ++i) {
    std::string out;
    if (many) distinct(out, static_cast<unsigned>(count));
    else incident(out);
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
