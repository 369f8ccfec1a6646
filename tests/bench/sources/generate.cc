// Writes inputs to measure readers with, on standard output. The same arguments write the same bytes.
//
//   sources_generate incident [DUMPS]        47,905 goroutines on a few stacks, as in the modelled incident: about 28 MB each
//   sources_generate prefixed [DUMPS]        the same as a container's log: CRI's prefix before every line
//   sources_generate distinct GOROUTINES     every goroutine on a stack of its own, of five frames
//   sources_generate log MEGABYTES           a service's log without any dump, a line of metrics among each thousand
//   sources_generate jstack THREADS          Java threads that wait for one monitor
//   sources_generate gdb THREADS             native threads that wait for one mutex
#include <cstdio>
#include <cstdlib>
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

/// A prefix before every line of `text`.
std::string prefixed(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    out += "2020-02-11T09:58:02.000000123Z stderr F ";
    out.append(text, at, end + 1 - at);
    at = end + 1;
  }
  return out;
}

void log_lines(std::string& out, unsigned megabytes) {
  char text[512];
  for (unsigned i = 0; out.size() < std::size_t{megabytes} << 20; ++i) {
    std::snprintf(text, sizeof text, "2020/02/11 09:%02u:%02u GET /v1/segments/%u 200 %u bytes in %u.%03u ms request=%08x user=u%u\n", i / 60 % 60, i % 60, i * 7919 % 100000, i * 31 % 65536, i % 90, i % 1000, i * 2654435761u, i % 977);
    out += text;
    if (i % 1000 == 0) out += "2020/02/11 09:00:00 goroutines=61 heap_sys_mb=71 heap_inuse_mb=12\n";
  }
}

void jstack(std::string& out, unsigned count) {
  out += "2020-02-11 09:58:02\nFull thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode, sharing):\n\n";
  char text[1024];
  for (unsigned id = 1; id <= count; ++id) {
    std::snprintf(text, sizeof text,
                  "\"worker-%u\" #%u prio=5 os_prio=0 cpu=%u.12ms elapsed=61.50s tid=0x00007f%010x nid=0x%x waiting for monitor entry  [0x00007f%010x]\n   java.lang.Thread.State: BLOCKED (on object monitor)\n"
                  "\tat shop.HashSet.addOne(HashSet.java:52)\n\t- waiting to lock <0x00000000f0a11c38> (a shop.HashSet)\n\tat shop.Cache.get(Cache.java:108)\n\tat shop.Worker.run(Worker.java:17)\n"
                  "\tat java.lang.Thread.run(java.base@17.0.9/Thread.java:840)\n\n",
                  id, id + 10, id % 977, id * 4096, id + 5000, id * 8192);
    out += text;
  }
}

void gdb(std::string& out, unsigned count) {
  char text[2048];
  for (unsigned id = count; id >= 1; --id) {
    std::snprintf(text, sizeof text,
                  "Thread %u (Thread 0x7f%010x (LWP %u) \"worker\"):\n#0  futex_wait (private=0, expected=2, futex_word=0x562582ea6340 <table>) at ../sysdeps/nptl/futex-internal.h:146\n"
                  "#1  __GI___lll_lock_wait (futex=futex@entry=0x562582ea6340 <table>, private=0) at ./nptl/lowlevellock.c:49\n"
                  "#2  0x00007f85c5caa482 in lll_mutex_lock_optimized (mutex=0x562582ea6340 <table>) at ./nptl/pthread_mutex_lock.c:48\n"
                  "#3  ___pthread_mutex_lock (mutex=0x562582ea6340 <table>) at ./nptl/pthread_mutex_lock.c:93\n"
                  "#4  0x0000562582ea1254 in HashSet::add_one (this=0x562582ea6340 <table>, key=%u) at hash_set.cc:52\n"
                  "#5  0x0000562582ea13b1 in serve (request=0x7f%010x) at main.cc:108\n#6  0x00007f85c5ca71f5 in start_thread (arg=<optimized out>) at ./nptl/pthread_create.c:442\n\n",
                  id, id * 4096, id + 5000, id, id * 64);
    out += text;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string kind = argv[1];
  const auto count = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 1);
  const bool dumps = kind == "incident" || kind == "prefixed";
  for (unsigned i = 0; i < (dumps ? count : 1); ++i) {
    std::string out;
    if (dumps) incident(out);
    else if (kind == "distinct") distinct(out, count);
    else if (kind == "log") log_lines(out, count);
    else if (kind == "jstack") jstack(out, count);
    else if (kind == "gdb") gdb(out, count);
    else return 2;
    if (kind == "prefixed") out = prefixed(out);
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
