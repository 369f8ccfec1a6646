// The live view of a replay: metrics as sparklines, groups growing, dumps and breaches as they come.
//
// Player holds what is played and where it stands, and draws a frame as text: no clock, no terminal, so that tests drive it. play_live() gives it
// both.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replay/timeline/timeline.h"
#include "runtime/incident/model.h"

namespace tailback::cli {

class Player {
 public:
  /// `speed`: seconds of the recording in one second; 0: so that the whole takes half a minute.
  Player(const Recording& recording, double speed);

  /// Real time has passed.
  void advance(double seconds);
  /// space: pause; n: one event on; b: one back; + -: speed; 0…9: tenths of the recording; q: end.
  void key(char key);

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] double speed() const { return speed_; }
  /// How many of the events have happened.
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t events() const { return entries_.size(); }
  [[nodiscard]] std::string frame(std::size_t width, std::size_t height, bool colour) const;

 private:
  void move_to_time();
  void seek(double share);
  [[nodiscard]] double seconds_at(std::size_t entry) const;

  const Recording& recording_;
  std::vector<replay::TimelineEntry> entries_;
  double speed_ = 1;
  double now_ = 0;              // seconds since the first event
  std::size_t position_ = 0;
  bool paused_ = false, ended_ = false;
};

/// "▁▂▃▅█": at most `width` values, the newest last, from the least to the greatest of them.
[[nodiscard]] std::string sparkline(const std::vector<double>& values, std::size_t width);

/// Plays on the terminal until its end or `q`. False when there is no terminal to play on.
bool play_live(const Recording& recording, double speed);

}  // namespace tailback::cli
