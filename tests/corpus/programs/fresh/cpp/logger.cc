// truth: {"kind":["lock_convoy","contention"],"waiting":["write","log"],"no_deadlock":true}
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
class Log { std::mutex m_; std::string buf_; public: void write(const std::string& s) { std::lock_guard<std::mutex> g(m_); std::ostringstream o; for (int i = 0; i < 20000; ++i) o << s << i; buf_ = o.str(); } };
void log(Log& l, int level, const char* m) { if (level > 0) l.write(m); }
int main() { Log l; std::vector<std::thread> t; for (int i = 0; i < 24; ++i) t.emplace_back([&] { for (;;) log(l, 1, "request done"); }); for (auto& x : t) x.join(); }
