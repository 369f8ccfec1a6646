// truth: {"kind":["deadlock_cycle"],"waiting":["transfer","deposit","charge","lock"],"holder":["transfer","settle","deposit","charge","month_end"]}
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
namespace bank {
class Account { public: mutable std::mutex mu; long cents = 0;
  void deposit(long c) { std::lock_guard<std::mutex> g(mu); cents += c; } };
class Ledger { public: std::mutex mu; std::vector<std::string> lines;
  void charge(const std::string& why, long) { std::scoped_lock g(mu); lines.push_back(why); } };
class Bank { std::map<int, std::unique_ptr<Account>> accounts_; Ledger ledger_;
 public:
  Bank() { for (int i = 0; i < 8; ++i) accounts_[i] = std::make_unique<Account>(); }
  void transfer(int from, long c) { auto& a = *accounts_[from]; std::unique_lock<std::mutex> l(a.mu); a.cents -= c;
    std::this_thread::sleep_for(std::chrono::milliseconds(80)); ledger_.charge("transfer", c); }
  void month_end() { std::lock_guard<std::mutex> g(ledger_.mu); std::this_thread::sleep_for(std::chrono::milliseconds(80));
    for (auto& [id, a] : accounts_) a->deposit(-1); } };
}
int main() { bank::Bank b; std::vector<std::thread> t;
  for (int i = 0; i < 6; ++i) t.emplace_back([&b, i] { for (;;) b.transfer(i, 5); });
  t.emplace_back([&b] { for (;;) b.month_end(); });
  for (auto& x : t) x.join(); }
