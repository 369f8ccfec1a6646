// truth: {"kind":["lost_signal"],"waiting":["wait_ready"]}
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
class Latch { std::mutex m_; std::condition_variable cv_; bool ready_ = false; public: void wait_ready() { std::unique_lock<std::mutex> l(m_); while (!ready_) cv_.wait(l); } void open() { std::lock_guard<std::mutex> g(m_); ready_ = true; cv_.notify_one(); } };
int main() { Latch l; std::vector<std::thread> t; for (int i = 0; i < 10; ++i) t.emplace_back([&] { l.wait_ready(); }); std::this_thread::sleep_for(std::chrono::milliseconds(100)); l.open(); for (auto& x : t) x.join(); }
