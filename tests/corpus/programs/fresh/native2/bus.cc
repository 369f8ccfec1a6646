// truth: {"kind":["deadlock_cycle"],"waiting":["publish","subscribe","invalidate","put"],"holder":["publish","evict","put"]}
// An event bus calls its subscribers under its own lock; a cache announces evictions under its own.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace events {
class Bus {
 public:
  using Handler = std::function<void(const std::string&)>;
  void subscribe(Handler handler) {
    std::lock_guard<std::mutex> lock(mutex_);
    handlers_.push_back(std::move(handler));
  }
  void publish(const std::string& topic) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& handler : handlers_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      handler(topic);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<Handler> handlers_;
};
}  // namespace events

class PriceCache {
 public:
  explicit PriceCache(events::Bus& bus) : bus_(bus) {
    bus_.subscribe([this](const std::string& topic) { invalidate(topic); });
  }
  void invalidate(const std::string& topic) {
    std::unique_lock<std::mutex> lock(mutex_);
    prices_.erase(topic);
  }
  void put(const std::string& key, double price) {
    std::unique_lock<std::mutex> lock(mutex_);
    prices_[key] = price;
    if (prices_.size() > 1) evict();
  }

 private:
  void evict() {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    bus_.publish(prices_.begin()->first);
  }
  events::Bus& bus_;
  std::mutex mutex_;
  std::map<std::string, double> prices_{{"a", 1}};
};

int main() {
  events::Bus bus;
  PriceCache cache(bus);
  std::thread feed([&] { bus.publish("rates"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::vector<std::thread> quotes;
  for (int i = 0; i < 6; ++i) quotes.emplace_back([&, i] { cache.put("q" + std::to_string(i), i); });
  feed.join();
  for (auto& quote : quotes) quote.join();
}
