// A Go service's log with samples and goroutine dumps, in the shape that Go 1.15 prints: the modelled incident, small.
#pragma once

#include <string>

namespace tailback::testing {

struct GoLogOptions {
  int dumps = 3;
  int writers = 30;          ///< of the last dump; the dumps before have their share
  bool deadlock = true;      ///< false: the same service while it is healthy
  std::string day = "2020/02/11";
  int line_shift = 0;        ///< added to the program's own lines: another build
  std::string lock = "0xc0001041a0";
};

[[nodiscard]] std::string go_log(const GoLogOptions& options = {});

}  // namespace tailback::testing
