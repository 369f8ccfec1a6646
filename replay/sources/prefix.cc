#include "replay/sources/prefix.h"

#include <algorithm>
#include <array>

#include "replay/sources/envelope.h"
#include "replay/sources/escaped_value.h"
#include "replay/sources/log_json.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kMostFragmentBytes = 64 << 20;
/// syslog cuts lines at 1 KiB and more; a shorter one that lacks its quote has none.
constexpr std::size_t kFewestBytesOfACut = 900;

bool begins_a_record(std::string_view text) { return text.starts_with("time=") || text.starts_with("ts=") || text.starts_with("level="); }

/// Of the kernel's log: since the start of the machine. "[  123.456789] web-7 kernel: text" is journalctl -o short-monotonic.
bool cut_uptime(std::string_view& text, LogLine& line) {
  const auto uptime = uptime_at_begin(text);
  if (!uptime) return false;
  line.mono_ns = uptime->mono_ns;
  text.remove_prefix(uptime->size);
  const std::size_t host = text.find(' ');
  if (host != std::string_view::npos && host > 0 && text.substr(host).starts_with(" kernel: ")) text.remove_prefix(host + 9);
  return true;
}

/// "6,2906,86997973716,-;text": priority, number, microseconds since the start, flags and more. Source: Documentation/ABI/testing/dev-kmsg.
bool cut_kmsg(std::string_view& text, LogLine& line) {
  if (text.substr(0, 4).find(',') == std::string_view::npos) return false;
  std::string_view rest = text;
  const auto priority = take_number(rest);
  if (!priority || *priority > 255 || !skip(rest, ",") || !take_number(rest) || !skip(rest, ",")) return false;
  const auto microseconds = take_number(rest);
  const std::size_t end = rest.find(';');
  if (!microseconds || *microseconds > std::uint64_t{1} << 53 || !rest.starts_with(',') || end == std::string_view::npos || end > 64) return false;
  line.mono_ns = static_cast<std::int64_t>(*microseconds * 1000);
  text = rest.substr(end + 1);
  return true;
}

}  // namespace

// What a stamp, a JSON object, a bracket, a priority, a month or glog's letter begins with; 't' for logfmt's time= and ts=.
const std::array<bool, 256> PrefixStripper::kMayBegin = [] {
  std::array<bool, 256> may{};
  for (const char c : std::string_view("01234567[{<tADEFIJMNOSTW")) may[static_cast<unsigned char>(c)] = true;
  return may;
}();

void PrefixStripper::learn(std::string_view head) {
  const std::string_view whole = head;
  std::size_t lines = 0, with_bar = 0, quoted = 0;
  entities_ = contains(head, "&lt;") || contains(head, "&quot;");
  numbered_ = has_line_numbers(whole);
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    if (line.empty() || head.empty()) continue;  // the last one may be cut
    ++lines;
    if (compose_size(line) > 0) ++with_bar;
    if (line.front() == '>') ++quoted;
  }
  compose_ = with_bar > 0 && with_bar * 5 >= lines * 4;
  quoted_ = quoted > 2 && quoted * 10 >= lines * 9;
  special_ = compose_ || quoted_ || entities_ || numbered_;
  learn_indentation(whole);
}

/// One blank may be a call trace's own.
void PrefixStripper::learn_indentation(std::string_view head) {
  constexpr std::size_t kFewest = 2, kMost = 128;
  std::optional<std::string_view> common;
  for (std::string_view rest = head; !rest.empty();) {
    const std::string_view line = take_line(rest);
    const std::size_t blanks = line.find_first_not_of(" \t");
    if (blanks == std::string_view::npos || rest.empty()) continue;
    const std::string_view begin = line.substr(0, std::min(blanks, kMost));
    if (!common) common = begin;
    std::size_t same = 0;
    while (same < common->size() && same < begin.size() && (*common)[same] == begin[same]) ++same;
    common = common->substr(0, same);
    if (same == 0) return;
  }
  if (common && (common->size() >= kFewest || common->starts_with('\t'))) set_in_ = *common;
}

std::string_view PrefixStripper::without_entities(std::string_view text) {
  struct Entity {
    std::string_view written;
    char character;
  };
  static constexpr std::array<Entity, 7> kEntities = {{{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&amp;", '&'}, {"&#39;", '\''}, {"&#34;", '"'}, {"&nbsp;", ' '}}};
  if (text.find('&') == std::string_view::npos) return text;
  unescaped_.clear();
  while (!text.empty()) {
    const auto entity = text.front() == '&' ? std::find_if(kEntities.begin(), kEntities.end(), [text](const Entity& e) { return text.starts_with(e.written); }) : kEntities.end();
    unescaped_ += entity == kEntities.end() ? text.front() : entity->character;
    text.remove_prefix(entity == kEntities.end() ? 1 : entity->written.size());
  }
  return unescaped_;
}

std::string_view PrefixStripper::without_escapes(std::string_view text) {
  if (text.find('\x1b') == std::string_view::npos) return text;
  plain_.clear();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\x1b') {
      plain_ += text[at];
      continue;
    }
    // ESC [ parameters letter (colours, cursor), ESC ] … BEL (titles), ESC and one character.
    if (++at >= text.size()) break;
    if (text[at] == '[') {
      for (++at; at < text.size() && !(text[at] >= '@' && text[at] <= '~'); ++at) {}
    } else if (text[at] == ']') {
      for (++at; at < text.size() && text[at] != '\a' && text[at] != '\x1b'; ++at) {}
    }
  }
  return plain_;
}

void PrefixStripper::add(std::string_view text, LogLine line) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (add_escaped(text, line)) return;
  line.text = text;
  records_.push_back(line);
}

/// Of a line with a quoted value of several lines: what stands before the value, the lines in it, and what stands behind it.
bool PrefixStripper::add_escaped(std::string_view text, const LogLine& line) {
  if (const auto open = escaped_.empty() ? escaped_.end() : escaped_.find(std::string(line.lane)); open != escaped_.end()) {
    const bool lost_end = begins_a_record(text) || open->second.text.size() > kMostFragmentBytes;
    const std::size_t behind = lost_end ? 0 : unescape_value(text, open->second.text, open->second.held);
    if (behind == std::string_view::npos) return true;
    end_escaped(open->second, lost_end ? std::string_view() : text.substr(behind));
    escaped_.erase(open);
    if (!lost_end) return true;
  }
  const std::size_t begin = multi_line_value(text);
  if (begin == std::string_view::npos) return false;
  records_.push_back(line);
  records_.back().text = text.substr(0, begin);
  Escaped value{{}, {}, line, std::string(line.lane), std::string(line.host)};
  const std::size_t behind = unescape_value(text.substr(begin), value.text, value.held);
  if (behind == std::string_view::npos && !line.lane.empty() && text.size() >= kFewestBytesOfACut) {
    escaped_.emplace(value.lane, std::move(value));
    return true;
  }
  end_escaped(value, behind == std::string_view::npos ? std::string_view() : text.substr(begin + behind));
  return true;
}

void PrefixStripper::end_escaped(Escaped& value, std::string_view behind) {
  const auto keep = [this](std::string& text) { return std::string_view(kept_.emplace_back(std::move(text))); };
  LogLine line = value.line;
  line.lane = keep(value.lane);
  line.host = keep(value.host);
  std::string_view rest = keep(value.text);
  do {
    line.text = take_until(rest, "\n");
    records_.push_back(line);
  } while (!rest.empty());
  line.text = trim(behind);
  if (!line.text.empty()) records_.push_back(line);
}

void PrefixStripper::open(std::string_view text) {
  LogLine line;
  if (entities_) text = without_entities(text);
  if (numbered_) text.remove_prefix(line_number_size(text));
  while (quoted_ && text.starts_with('>')) text.remove_prefix(text.starts_with("> ") ? 2 : 1);
  if (text.empty()) return add(text, line);
  if (record_indent_ > 0 && text.front() == ' ') {
    if (text.size() > record_indent_ && text.find_first_not_of(' ') >= record_indent_) text.remove_prefix(record_indent_);
    return add(text, line);
  }
  if (text.starts_with("[pod/")) {
    if (const std::size_t end = text.find("] "); end != std::string_view::npos) {
      line.lane = text.substr(5, end - 5);
      text.remove_prefix(end + 2);
    }
  } else if (compose_) {
    if (const std::size_t size = compose_size(text); size > 0) {
      line.lane = trim(text.substr(0, text.find_first_of(" |")));
      text.remove_prefix(size);
    }
  }
  open_text(text, line);
}

void PrefixStripper::open_text(std::string_view text, LogLine line) {
  const std::string_view whole = text;
  if (text.empty()) return add(text, line);
  switch (text.front()) {
    case '{':
      if (open_json(text, line)) return;
      return add(whole, line);
    case '<':
      if (open_rfc5424(text, line)) return;
      break;
    case '[':
      if (!open_bracket(text, line)) add(whole, line);
      return;
    case 't': {
      // logfmt: time="2020-02-11T09:31:50Z" level=info msg=…
      std::string_view rest = text;
      if (skip(rest, "time=") || skip(rest, "ts=")) {
        (void)skip(rest, "\"");
        if (const auto stamp = timestamps_.at_begin(rest)) line.wall_ns = stamp->wall_ns;
      }
      return add(whole, line);
    }
    default: break;
  }
  if (cut_kmsg(text, line)) return add(text, line);
  if (open_stamped(text, line)) return;
  add(whole, line);
}

bool PrefixStripper::open_bracket(std::string_view text, LogLine& line) {
  // An empty line of the kernel's is one; levels behind its stamp are words of its messages.
  if (cut_uptime(text, line)) {
    (void)cut_syslog(text, line, true);  // journalctl -o short-monotonic
    return add(text, line), true;
  }
  const std::string_view whole = text;
  const auto date = date_at_begin(text.substr(1));
  const auto stamp = date ? date : timestamps_.at_begin(text.substr(1));
  // "[2020-02-11 09:31:50,123] WARN text", "[Tue Feb 11 09:31:50 2020] text"
  if (!stamp || stamp->size + 1 >= text.size() || text[stamp->size + 1] != ']') return false;
  line.wall_ns = stamp->wall_ns;
  text.remove_prefix(std::min(text.size(), stamp->size + 2));
  if (text.starts_with(' ')) text.remove_prefix(1);
  add(date ? text : text.empty() ? whole : without_level_and_place(text), line);
  return true;
}

bool PrefixStripper::open_stamped(std::string_view text, LogLine& line) {
  const std::string_view whole = text;
  auto stamp = timestamps_.at_begin(text);
  if (!stamp && std::string_view("IWEFD").find(text.front()) != std::string_view::npos) {
    // "W0211 09:31:50.123456  2114 main.go:12] text"
    stamp = timestamps_.glog(text.substr(1));
    const std::size_t end = text.find("] ");
    if (!stamp || end == std::string_view::npos) return false;
    line.wall_ns = stamp->wall_ns;
    add(text.substr(end + 2), line);
    return true;
  }
  if (!stamp) {
    const std::size_t logger = timed_java_logger_size(text);
    if (logger != 0) add(text.substr(logger), line);
    return logger != 0;
  }
  line.wall_ns = stamp->wall_ns;
  text.remove_prefix(stamp->size);
  if (text.empty()) {
    add(whole, line);  // a time alone: dumps begin with one
    return true;
  }
  if (text.front() != ' ' && text.front() != '\t' && text.front() != ':') return false;
  text.remove_prefix(1);
  // CRI: "stderr F text", fragments "stderr P text".
  if ((text.starts_with("stdout ") || text.starts_with("stderr ")) && text.size() >= 8 && (text[7] == 'F' || text[7] == 'P') && (text.size() == 8 || text[8] == ' ')) {
    open_fragment(text.substr(0, 6), text.size() > 9 ? text.substr(9) : std::string_view(), text[7] == 'F', line);
    return true;
  }
  if (cut_syslog(text, line, !stamp->of_syslog)) {
    record_indent_ = static_cast<std::size_t>(text.data() - whole.data());
    special_ = true;
    if (line.lane == "kernel") {
      cut_uptime(text, line);
      add(text, line);
      return true;
    }
    // The service's own logger may have put a time of its own behind the journal's.
    if (const auto own = timestamps_.at_begin(text); own && own->size + 1 < text.size() && text[own->size] == ' ') {
      text.remove_prefix(own->size + 1);
      line.wall_ns = own->wall_ns;
    }
    add(without_level_and_place(text), line);
    return true;
  }
  if (const auto own = timestamps_.at_begin(text); own && own->size + 1 < text.size() && text[own->size] == ' ') text.remove_prefix(own->size + 1);
  add(without_level_and_place(text), line);
  return true;
}

bool PrefixStripper::cut_syslog(std::string_view& text, LogLine& line, bool pid_needed) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0) return false;
  const std::string_view host = text.substr(0, space);
  if (host.find('[') != std::string_view::npos) return false;
  const Ident ident = ident_at_begin(text.substr(space + 1));
  if (ident.size == 0 || (pid_needed && ident.pid == 0)) return false;
  line.host = host;
  line.pid = ident.pid;
  if (line.lane.empty()) line.lane = ident.name;
  text.remove_prefix(space + 1 + ident.size);
  return true;
}

bool PrefixStripper::open_rfc5424(std::string_view text, LogLine& line) {
  std::string_view rest = text.substr(1);
  const auto priority = take_number(rest);
  if (!priority || *priority > 191 || !skip(rest, ">")) return false;
  if (!skip(rest, "1 ")) {
    // RFC 3164: "<14>Feb 11 09:31:50 host name[pid]: text"
    open_text(rest, line);
    return true;
  }
  const auto stamp = timestamps_.at_begin(rest);
  if (!stamp) return false;
  line.wall_ns = stamp->wall_ns;
  rest.remove_prefix(stamp->size);
  (void)skip(rest, " ");
  line.host = take_until(rest, " ");
  const std::string_view name = take_until(rest, " ");
  std::string_view pid_text = take_until(rest, " ");
  lane_ = std::string(name) + "[" + std::string(pid_text) + "]";
  line.lane = lane_;
  if (const auto pid = take_number(pid_text); pid && pid_text.empty() && *pid < std::uint64_t{1} << 40) line.pid = static_cast<std::int64_t>(*pid);
  (void)take_until(rest, " ");  // the message's id
  // Structured data: "-" or "[id key="value"]…".
  if (rest.starts_with('[')) (void)take_until(rest, "] ");
  else (void)take_until(rest, " ");
  add(rest, line);
  return true;
}

bool PrefixStripper::open_json(std::string_view text, LogLine line) {
  if (auto record = read_container_record(text)) {
    line.wall_ns = record->wall_ns;
    if (const auto stamp = timestamps_.at_begin(record->time)) line.wall_ns = stamp->wall_ns;
    line.pid = record->pid;
    if (line.lane.empty() && !record->lane.empty()) {
      lane_ = record->lane;
      line.lane = lane_;
    }
    if (!record->stream.empty()) {
      open_fragment(record->stream, record->message, record->whole, line);
      return true;
    }
    message_ = std::move(record->message);
  } else {
    const std::string_view time = time_value(text);
    if (const auto stamp = timestamps_.at_begin(time)) {
      line.wall_ns = stamp->wall_ns;
    } else if (std::string_view seconds = time; const auto whole = take_number(seconds)) {
      // "ts":1581413510.123, as zap writes it. Before 2100 in seconds; milliseconds have passed that in 1974.
      if (*whole > 4'102'444'800'000u) line.wall_ns = 0;
      else line.wall_ns = static_cast<std::int64_t>(*whole > 4'102'444'800u ? *whole * 1'000'000 : *whole * 1'000'000'000);
    }
    std::string texts = multi_line_values(text);
    if (texts.empty()) return open_message(text, line), true;
    message_ = std::move(texts);
  }
  std::string_view rest = message_;
  do add(take_until(rest, "\n"), line);
  while (!rest.empty());
  return true;
}

/// {"timestamp":"…","message":"main.f(0x1)"}: a line that a shipper of logs has put into a record. Metrics may be in any key of it.
void PrefixStripper::open_message(std::string_view text, LogLine line) {
  const std::string_view value = message_value(text);
  std::string unescaped, held;
  if (value.data() == nullptr || unescape_value(value, unescaped, held) == std::string_view::npos) return add(text, line);
  message_ = std::move(unescaped);
  const std::size_t first = records_.size();
  if (!message_.empty() && message_.front() != '{') open_text(message_, line);
  else add(message_, line);
  for (std::size_t i = first; i < records_.size() && line.wall_ns != 0; ++i) records_[i].wall_ns = line.wall_ns;
  if (records_.size() > first) records_[first].record = text;
}

void PrefixStripper::open_fragment(std::string_view stream, std::string_view text, bool whole, const LogLine& line) {
  const std::string key = std::string(line.lane) + "\n" + std::string(stream);
  const auto open = fragments_.find(key);
  if (open == fragments_.end() && whole) {
    message_ = text;
  } else {
    Fragment& fragment = open == fragments_.end() ? fragments_[key] : open->second;
    if (fragment.text.empty()) {
      fragment.lane = line.lane;
      fragment.wall_ns = line.wall_ns;
    }
    if (fragment.text.size() < kMostFragmentBytes) fragment.text += text;
    if (!whole) return;
    message_ = std::move(fragment.text);
    fragments_.erase(key);
  }
  // What the container wrote may have a logger's prefix of its own; its time is the container's.
  LogLine inner = line;
  const std::size_t first = records_.size();
  if (!message_.empty() && message_.front() != '{') open_text(message_, inner);
  else add(message_, inner);
  for (std::size_t i = first; i < records_.size(); ++i) records_[i].wall_ns = line.wall_ns;
}

}  // namespace tailback::replay
