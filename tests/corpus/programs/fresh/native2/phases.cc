// truth: {"kind":["lost_signal","pool_exhaustion"],"waiting":["run_phase","arrive_and_wait","simulate"]}
// A barrier of six, of whom one ended without dropping out.
#include <barrier>
#include <thread>
#include <vector>

class Simulation {
 public:
  explicit Simulation(int parts) : barrier_(parts) {}
  void simulate(int part) {
    for (int phase = 0; phase < 100; ++phase) {
      if (part == 2 && phase == 3) return;
      run_phase(part, phase);
    }
  }

 private:
  void run_phase(int part, int phase) {
    energy_[part] += phase;
    barrier_.arrive_and_wait();
  }
  std::barrier<> barrier_;
  double energy_[16] = {};
};

int main() {
  Simulation simulation(6);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&, i] { simulation.simulate(i); });
  for (auto& thread : threads) thread.join();
}
