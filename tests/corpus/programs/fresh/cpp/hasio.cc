// truth: {"kind":["none"]}
#include <utility>
#include <boost/asio.hpp>
#include <memory>
#include <thread>
#include <vector>
namespace asio = boost::asio; using asio::ip::tcp;
struct Session : std::enable_shared_from_this<Session> { tcp::socket s; char b[256]; explicit Session(tcp::socket x) : s(std::move(x)) {} void read() { auto self = shared_from_this(); s.async_read_some(asio::buffer(b), [self](auto ec, auto) { if (!ec) self->read(); }); } };
void accept(tcp::acceptor& a) { a.async_accept([&a](auto ec, tcp::socket s) { if (!ec) std::make_shared<Session>(std::move(s))->read(); accept(a); }); }
int main() { asio::io_context io; auto work = asio::make_work_guard(io); tcp::acceptor a(io, {tcp::v4(), 0}); accept(a); asio::steady_timer t(io, std::chrono::hours(1)); t.async_wait([](auto) {});
  asio::thread_pool tp(4); std::vector<std::thread> w; for (int i = 0; i < 6; ++i) w.emplace_back([&] { io.run(); }); for (auto& x : w) x.join(); }
