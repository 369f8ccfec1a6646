// truth: {"kind":["recursive_lock","deadlock_cycle"],"waiting":["settings","instance","call_once"],"holder":["load","instance","settings"]}
// What a call_once runs asks for what the call_once makes.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Settings {
 public:
  static Settings& settings() {
    std::call_once(flag_, [] {
      instance_ = std::make_unique<Settings>();
      instance_->load();
    });
    return *instance_;
  }
  int level(const std::string& name) { return levels_[name]; }

 private:
  void load() {
    levels_["default"] = 3;
    apply_overrides();
  }
  static void apply_overrides() { settings().levels_["http"] = 4; }
  std::map<std::string, int> levels_;
  static std::once_flag flag_;
  static std::unique_ptr<Settings> instance_;
};
std::once_flag Settings::flag_;
std::unique_ptr<Settings> Settings::instance_;

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) threads.emplace_back([] { Settings::settings().level("http"); });
  for (auto& thread : threads) thread.join();
}
