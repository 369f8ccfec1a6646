// The text of an input that can't be read line by line, JSON: kept whole, up to a limit.
//
// Beyond ReadOptions::maximum_whole_bytes nothing more is kept; what is kept is read, and diagnose() says that the rest was left out.
//
// A parser of JSON can't be asked to stop, so its text ends early instead: begin() and end() are iterators that meet once ReadOptions::stop is set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "replay/sources/source.h"

namespace tailback::replay {

class WholeText {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Iterator(const char* at, const std::atomic<bool>* stop) : at_(at), stop_(stop) {}
    reference operator*() const { return *at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return {at_++, stop_}; }
    bool operator==(const Iterator& end) const { return at_ == end.at_ || (reinterpret_cast<std::uintptr_t>(at_) % kStopEvery == 0 && is_stopped()); }
    bool operator!=(const Iterator& end) const { return !(*this == end); }

   private:
    static constexpr std::uintptr_t kStopEvery = 64 << 10;  ///< bytes between two looks at the flag
    [[nodiscard]] bool is_stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

    const char* at_;
    const std::atomic<bool>* stop_;
  };

  explicit WholeText(const ReadOptions& options) : maximum_(options.maximum_whole_bytes), stop_(options.stop) {}

  [[nodiscard]] Iterator begin() const { return {text_.data(), stop_}; }
  [[nodiscard]] Iterator end() const { return {text_.data() + text_.size(), stop_}; }

  void append(const Line& line) {
    if (cut_line_ == 0 && text_.size() + line.text.size() < maximum_) text_.append(line.text).push_back('\n');
    else if (cut_line_ == 0) cut_line_ = line.number;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// `diagnose(severity, line, reason)` where something was left out.
  template <class Diagnose>
  void diagnose(Diagnose&& diagnose) const {
    if (cut_line_ == 0) return;
    diagnose(Severity::kError, cut_line_, "JSON is held in memory, and this is more than " + std::to_string(maximum_ >> 20) + " MiB; the rest was left out");
  }

 private:
  const std::size_t maximum_;
  const std::atomic<bool>* const stop_;
  std::string text_;
  std::uint64_t cut_line_ = 0;
};

}  // namespace tailback::replay
