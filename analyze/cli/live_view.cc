#include "analyze/cli/live_view.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>

#include "analyze/cli/raw_terminal.h"
#include "analyze/cli/terminal.h"
#include "analyze/report/page.h"
#include "analyze/report/timeline_report.h"
#include "analyze/words/format.h"

namespace tailback::cli {

using namespace tailback::analyze;
using namespace tailback::replay;

namespace {

constexpr double kWholeSeconds = 30;   // what a recording takes when no speed is given
constexpr std::size_t kMetrics = 6, kGroups = 8, kEvents = 5;
constexpr int kFrameMs = 100;

}  // namespace

Player::Player(const Recording& recording, double speed) : recording_(recording), entries_(timeline_of(recording)) {
  const double length = entries_.empty() ? 0 : seconds_at(entries_.size() - 1);
  speed_ = speed > 0 ? speed : std::max(1.0, length / kWholeSeconds);
  move_to_time();
}

double Player::seconds_at(std::size_t entry) const { return static_cast<double>(entries_[entry].wall_ns - entries_.front().wall_ns) / 1e9; }

void Player::move_to_time() {
  position_ = 0;
  while (position_ < entries_.size() && seconds_at(position_) <= now_) ++position_;
  if (position_ == entries_.size()) paused_ = true;
}

void Player::advance(double seconds) {
  if (paused_) return;
  now_ += seconds * speed_;
  move_to_time();
}

void Player::seek(double share) {
  now_ = entries_.empty() ? 0 : share * seconds_at(entries_.size() - 1);
  move_to_time();
}

void Player::key(char key) {
  const bool at_end = position_ == entries_.size();
  if (key == 'q' || key == 'Q') ended_ = true;
  if (key == ' ') {
    if (paused_ && at_end) seek(0);  // from the beginning again
    paused_ = !paused_;
  }
  if (key == '+') speed_ *= 2;
  if (key == '-') speed_ = std::max(speed_ / 2, 1.0 / 64);
  if (key >= '0' && key <= '9') {
    seek((key - '0') / 10.0);
    paused_ = false;
  }
  const bool step = (key == 'n' && !at_end) || (key == 'b' && position_ > 1);
  if (!step) return;
  paused_ = true;
  position_ += key == 'n' ? 1 : -1;
  now_ = seconds_at(position_ - 1);
}

std::string sparkline(const std::vector<double>& values, std::size_t width) {
  static constexpr std::array<const char*, 8> kLevels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || width == 0) return "";
  // More values than columns: each column shows the greatest of its share, so that no peak is lost.
  std::vector<double> columns;
  const std::size_t count = std::min(width, values.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * values.size() / count);
    const auto end = values.begin() + static_cast<std::ptrdiff_t>((i + 1) * values.size() / count);
    columns.push_back(*std::max_element(begin, end));
  }
  const auto [low, high] = std::minmax_element(columns.begin(), columns.end());
  std::string line;
  for (const double value : columns) {
    const double share = *high > *low ? (value - *low) / (*high - *low) : 0;
    line += kLevels[static_cast<std::size_t>(std::lround(share * 7))];
  }
  return line;
}

std::string Player::frame(std::size_t width, std::size_t height, bool colour) const {
  Page page(width, colour);
  const std::int64_t wall_ns = position_ == 0 ? 0 : entries_[position_ - 1].wall_ns;
  page.line(recording_.info.file.empty() ? "recording" : recording_.info.file, Style::kBold);
  page.add(fmt::format("{}  event {} of {}  {:.3g}×{}", wall_ns ? date_time_text(wall_ns) : "time unknown", position_, entries_.size(), speed_, paused_ ? "  paused" : ""));
  page.end_line();
  page.line(bar(entries_.empty() ? 0 : static_cast<double>(position_) / static_cast<double>(entries_.size()), width), Style::kDim);
  page.blank();

  std::map<std::uint32_t, std::vector<double>> values;
  std::vector<const Dump*> dumps;
  for (std::size_t i = 0; i < position_; ++i) {
    if (entries_[i].kind == EntryKind::kDump) dumps.push_back(&recording_.dumps[entries_[i].index]);
    if (entries_[i].kind != EntryKind::kSample) continue;
    for (const MetricValue& value : recording_.samples[entries_[i].index].values) values[value.metric.index].push_back(value.value);
  }
  std::vector<std::vector<Cell>> rows;
  const std::size_t line_width = width > 50 ? width - 40 : 10;
  for (const auto& [metric, series] : values) {
    if (rows.size() == kMetrics) break;
    const MetricInfo& info = recording_.metrics[metric];
    rows.push_back({{info.name}, {value_text(series.back(), info.unit), Style::kBold, true}, {sparkline(series, line_width)}});
  }
  page.table(2, rows);
  page.blank();

  if (!dumps.empty()) {
    page.line(fmt::format("  dump {}: {}", dumps.back()->id, counted(dumps.back()->thread_count(), "thread", "threads")), Style::kBold);
    std::map<std::string, std::uint64_t> before;
    if (dumps.size() > 1) {
      for (const FunctionCount& function : functions_of(recording_, *dumps[dumps.size() - 2])) before[function.function] = function.threads;
    }
    rows.clear();
    const auto total = static_cast<double>(std::max<std::uint64_t>(1, dumps.back()->thread_count()));
    for (const FunctionCount& function : functions_of(recording_, *dumps.back())) {
      if (rows.size() == kGroups) break;
      const auto change = static_cast<std::int64_t>(function.threads) - static_cast<std::int64_t>(before[function.function]);
      rows.push_back({{with_separators(function.threads), Style::kBold, true},
                      {change == 0 || dumps.size() < 2 ? "" : fmt::format("{:+}", change), change > 0 ? Style::kAlarm : Style::kGood, true},
                      {bar(static_cast<double>(function.threads) / total, 16)},
                      {function.function}});
    }
    page.table(2, rows);
    page.blank();
  }
  for (std::size_t i = position_ > kEvents ? position_ - kEvents : 0; i < position_; ++i) {
    page.line("  " + event_line(recording_, entries_[i]), entries_[i].kind == EntryKind::kBreachOpened ? Style::kAlarm : Style::kDim);
  }
  std::string text = page.take();
  // As many lines as the terminal has, the keys always last.
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const std::size_t room = height > 1 ? height - 1 : 0;
  lines.resize(room);
  std::string frame;
  for (const std::string& line : lines) frame += line + "\x1b[K\n";
  constexpr std::string_view kKeys = "space pause · n next · b back · + - speed · 0-9 seek · q quit", kShortKeys = "space pause n/b step +/- speed 0-9 seek q quit";
  return frame + cut(std::string(width > 64 ? kKeys : kShortKeys), width) + "\x1b[K";
}

bool play_live(const Recording& recording, double speed) {
  const RawTerminal terminal;
  if (!terminal.active()) return false;
  Player player(recording, speed);
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  bool input_ended = false;
  while (!player.ended() && !input_ended) {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) size.ws_row = 24;
    const std::string frame = "\x1b[H" + player.frame(output_width(), size.ws_row, output_wants_colour());
    std::fwrite(frame.data(), 1, frame.size(), stdout);
    std::fflush(stdout);
    if (const std::optional<char> key = terminal.key(kFrameMs, input_ended)) player.key(*key);
    const auto now = Clock::now();
    player.advance(std::chrono::duration<double>(now - last).count());
    last = now;
  }
  return true;
}

}  // namespace tailback::cli
