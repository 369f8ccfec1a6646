// truth: {"kind":["deadlock_cycle"],"waiting":["registry","metrics","instance"],"holder":["registry","metrics","Registry","Metrics","instance"]}
// Two function-local statics whose constructors ask for each other, from two threads.
#include <map>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

class Metrics;
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }
  void enroll(const std::string& name) { names_.push_back(name); }

 private:
  Registry();
  std::vector<std::string> names_;
};
class Metrics {
 public:
  static Metrics& instance() {
    static Metrics metrics;
    return metrics;
  }
  void count(const std::string& name) { ++counts_[name]; }

 private:
  Metrics() {
    usleep(100000);
    Registry::instance().enroll("metrics");
  }
  std::map<std::string, long> counts_;
};
Registry::Registry() {
  usleep(100000);
  Metrics::instance().count("registry.created");
}

int main() {
  std::thread one([] { Registry::instance().enroll("http"); });
  std::thread two([] { Metrics::instance().count("start"); });
  usleep(50000);
  std::vector<std::thread> more;
  for (int i = 0; i < 4; ++i) more.emplace_back([] { Metrics::instance().count("request"); });
  one.join();
}
