// truth: {"kind":["none"],"no_deadlock":true}
#include <future>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>
int download(int fd) { char b[64]; int n = 0; while (read(fd, b, sizeof b) > 0) ++n; return n; }
double crunch() { volatile double d = 1; for (;;) d = d * 1.0000001 + 1; return d; }
int main() { int p[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, p); std::thread feed([&] { for (;;) { (void)!write(p[1], "x", 1); usleep(100000); } }); std::vector<std::future<int>> f; for (int i = 0; i < 4; ++i) f.push_back(std::async(std::launch::async, download, p[0])); auto c = std::async(std::launch::async, crunch); for (auto& x : f) x.get(); c.get(); feed.join(); }
