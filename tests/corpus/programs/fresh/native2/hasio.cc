// truth: {"kind":["none"]}
// Boost.Asio: four threads run one context with timers and a strand.
#include <utility>  // which boost 1.74 forgets

#include <boost/asio.hpp>
#include <memory>
#include <thread>
#include <vector>

class Heartbeat : public std::enable_shared_from_this<Heartbeat> {
 public:
  Heartbeat(boost::asio::io_context& context, int every) : timer_(context), strand_(context), every_(every) {}
  void arm() {
    timer_.expires_after(std::chrono::milliseconds(every_));
    timer_.async_wait(boost::asio::bind_executor(strand_, [self = shared_from_this()](const boost::system::error_code& failed) {
      if (!failed) self->arm();
    }));
  }

 private:
  boost::asio::steady_timer timer_;
  boost::asio::io_context::strand strand_;
  int every_;
};

int main() {
  boost::asio::io_context context;
  for (int i = 0; i < 5; ++i) std::make_shared<Heartbeat>(context, 100 + 300 * i)->arm();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
  for (auto& thread : threads) thread.join();
}
