// Takes off what loggers, containers and journals put before (and around) a line, and keeps what that says: when, and whose.
//
//   kubectl logs --prefix         [pod/web-7/app] text
//   docker compose                app-1  | text                              (told from the head: a bar is no proof)
//   docker json-file              {"log":"text\n","stream":"stderr","time":"2020-02-11T09:31:50.000000123Z"}
//   journalctl -o json            {"MESSAGE":"text","_PID":"2114","__REALTIME_TIMESTAMP":"1581413510000000",…}
//   CRI, kubectl --timestamps     2020-02-11T09:31:50.000000123Z stderr F text      2020-02-11T09:31:50.000000123Z text
//   journald short, syslog        Feb 11 09:31:50 web-7 registryd[2114]: text
//   journald short-iso, RFC 5424  2020-02-11T09:31:50+0000 web-7 registryd[2114]: text     <14>1 2020-02-11T09:31:50Z web-7 registryd 2114 - - text
//   … -o short-full, short-unix   Tue 2020-02-11 09:31:50 CET web-7 registryd[2114]: text      1581413510.123456 web-7 registryd[2114]: text
//   cat -n, less -N               "  41<tab>text": numbers that follow each other      (told from the head)
//   the kernel's log, dmesg [-T]  [  123.456789][  T979] text      [Tue Feb 11 09:31:50 2020] text      <6>[  123.456789] text
//   /dev/kmsg, netconsole         6,2906,86997973716,-;text
//   a quoted mail                 > text                                  (told from the head: nearly every line has it)
//   a page's source               &quot;main&quot; text &lt;0x00ff&gt;     (entities; told from the head)
//   loggers                       2020/02/11 09:31:50 main.go:12: text       [2020-02-11 09:31:50,123] WARN text
//                                 W0211 09:31:50.123456  2114 main.go:12] text
//                                 2020-02-11 09:31:50.123  WARN 1 --- [main] c.a.Dumper : text      09:31:50.123 [main] WARN c.a.Dumper - text
//                                 time="2020-02-11T09:31:50Z" level=info msg="text"   {"ts":1581413510.1,"msg":"text"}
//
// The last two are whole lines to the reader (metrics may be in any key); only their time is taken. A quoted value of theirs with "\n" in it is
// the lines that it stands for (escaped_value.h).
// What all lines begin with of blanks, as text that was copied into a ticket does, is cut off before.
// A line of none of these forms, which is nearly every line of a dump, costs one look at its first character.
//
// Thread safety: none; one for each input.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replay/sources/timestamp.h"

namespace tailback::replay {

/// One line without its envelope. Texts are valid until the next call.
struct LogLine {
  std::string_view text;
  std::string_view lane;      ///< pod, container or "name[pid]"; empty: the input does not tell
  std::int64_t wall_ns = 0;   ///< 0: it has no time of its own
  std::int64_t pid = 0;
  std::string_view host;
  std::int64_t mono_ns = 0;   ///< since the machine started, as the kernel's log tells; 0: not told
  std::string_view record;    ///< the JSON object whose message `text` is; empty: there is none
};

class PrefixStripper {
 public:
  explicit PrefixStripper(std::int64_t reference_wall_ns) : timestamps_(reference_wall_ns) {}

  /// Learns from the first lines of the input which envelopes there are.
  void learn(std::string_view head);

  /// Whether `text` is nothing but itself, as nearly every line of a dump is: strip() would pass on that text alone.
  [[nodiscard]] bool is_plain(std::string_view text, bool may_have_escape) const { return !may_have_escape && set_in_.empty() && !may_have_envelope(text); }

  /// Passes on what is in `text`: nothing where it is a fragment whose end is to come, several lines where a record holds several.
  template <class Take>
  void strip(std::string_view text, bool may_have_escape, Take&& take) {
    records_.clear();
    if (!kept_.empty()) kept_.clear();
    if (may_have_escape) text = without_escapes(text);
    if (!set_in_.empty() && text.starts_with(set_in_)) text.remove_prefix(set_in_.size());
    if (may_have_envelope(text)) open(text);
    else records_.emplace_back().text = text;
    for (const LogLine& line : records_) take(line);
  }

  /// Fragments whose end never came.
  template <class Take>
  void finish(Take&& take) {
    records_.clear();
    for (auto& [stream, fragment] : fragments_) records_.push_back(fragment.line_of());
    for (const LogLine& line : records_) take(line);
    for (auto& [lane, value] : escaped_) {
      records_.clear();
      end_escaped(value, {});
      for (const LogLine& line : records_) take(line);
    }
  }

 private:
  struct Fragment {
    std::string text, lane;
    std::int64_t wall_ns = 0;
    [[nodiscard]] LogLine line_of() const { return {text, lane, wall_ns, 0, {}}; }
  };
  /// A quoted value that holds several lines: "…\ngoroutine 18 [running]:\n…".
  struct Escaped {
    std::string text, held;
    LogLine line;              ///< the record that it began in, with its texts beside it
    std::string lane, host;
  };
  /// Characters that a line with an envelope may begin with.
  static const std::array<bool, 256> kMayBegin;

  [[nodiscard]] bool may_have_envelope(std::string_view text) const { return !text.empty() && (special_ || kMayBegin[static_cast<unsigned char>(text.front())]); }
  std::string_view without_escapes(std::string_view text);
  void learn_indentation(std::string_view head);
  std::string_view without_entities(std::string_view text);
  void open(std::string_view text);
  void open_text(std::string_view text, LogLine line);
  void add(std::string_view text, LogLine line);
  bool add_escaped(std::string_view text, const LogLine& line);
  void end_escaped(Escaped& value, std::string_view behind);
  void open_fragment(std::string_view stream, std::string_view text, bool whole, const LogLine& line);
  bool open_json(std::string_view text, LogLine line);
  void open_message(std::string_view text, LogLine line);
  bool open_stamped(std::string_view text, LogLine& line);
  bool open_rfc5424(std::string_view text, LogLine& line);
  bool cut_syslog(std::string_view& text, LogLine& line, bool pid_needed);
  bool open_bracket(std::string_view text, LogLine& line);

  TimestampParser timestamps_;
  std::string set_in_;                         ///< what somebody has set all lines in by
  bool special_ = false;                       ///< an envelope was learnt that begins with any character
  bool compose_ = false, numbered_ = false, quoted_ = false, entities_ = false;
  std::size_t record_indent_ = 0;              ///< journald short: what continuation lines are indented by
  std::string plain_, unescaped_, message_, lane_;  ///< texts that `records_` refers to
  std::unordered_map<std::string, Fragment> fragments_;  ///< by lane and stream
  std::unordered_map<std::string, Escaped> escaped_;     ///< values that are open, by lane
  std::deque<std::string> kept_;                         ///< texts of such values that `records_` refers to
  std::vector<LogLine> records_;
};

}  // namespace tailback::replay
