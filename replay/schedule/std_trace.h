// The STD text trace format, which published race and deadlock predictors read: one event a line, `THREAD|OPERATION(OPERAND)|PLACE`.
//
//   T0|fork(T1)|12
//   T1|acq(L3)|104
//   T1|rel(L3)|105
//
// Operations: acq rel fork join begin end req; rdacq, rdrel (shared; an extension of ours); wait, notify, notifyAll.
// r and w (accesses to variables) are passed over: they order threads through data, which a prediction then does not know of, so that a
// diagnostic says how many there were. wait(C) gives up the lock taken last.
//
// A file of it is read anew on every walk: its size is no matter of memory. Opening reads it once, for the names.
//
// Thread safety: none.
#pragma once

#include <memory>
#include <string_view>

#include "replay/schedule/trace.h"
#include <tailback/result.h>

namespace tailback::replay {

class StdTrace final : public TraceStream {
 public:
  /// A file that can be read again and again; no pipe. Errors: kMalformed where not one line is an event.
  [[nodiscard]] static Result<std::unique_ptr<StdTrace>> open(const std::string& path);
  /// The same for text in memory, which must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<StdTrace>> of_text(std::string_view text, std::string_view name);

  void walk(const std::function<void(const TraceEvent&)>& visit) const override;

  [[nodiscard]] std::uint64_t size() const { return events_; }
  /// What could not be read.
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  StdTrace() = default;
  Result<void> survey(std::string_view name);
  /// Calls line(text, number) for each; the error of the reading, if any.
  Result<void> lines(const std::function<void(std::string_view, std::uint64_t)>& line) const;

  std::string path_;        // or
  std::string_view text_;
  std::uint64_t events_ = 0;
  std::vector<Diagnostic> diagnostics_;
};

[[nodiscard]] bool looks_like_std_trace(std::string_view text);

}  // namespace tailback::replay
