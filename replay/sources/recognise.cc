#include "replay/sources/recognise.h"

#include <algorithm>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// Stacks of tools whose output is not read: better told than taken for any text.
struct ForeignTool {
  std::string_view mark;  ///< stands in its output, and hardly elsewhere
  std::string_view name;
};

constexpr ForeignTool kForeignTools[] = {
    {"(lldb)", "lldb"},
    {"* thread #", "lldb"},
    {"    frame #0: 0x", "lldb"},
    {" # Child-SP", "WinDbg"},
    {"# ChildEBP", "WinDbg"},
    {"--  lwp# ", "the pstack of Solaris"},
    {"/ thread# ", "the pstack of Solaris"},
    {"Call graph:", "sample of macOS"},
};

std::string_view foreign_tool(std::string_view head) {
  const auto found = std::find_if(std::begin(kForeignTools), std::end(kForeignTools), [head](const ForeignTool& tool) { return contains(head, tool.mark); });
  return found == std::end(kForeignTools) ? std::string_view{} : found->name;
}

std::string kind_of_text(const UnknownText& text) {
  const std::string size = " (" + std::to_string(text.lines) + (text.lines == 1 ? " line" : " lines") + (text.timed ? ", with times)" : ")");
  const std::string_view begin = trim_front(text.head.substr(0, 256));
  if (begin.starts_with('<')) return "XML or HTML" + size;
  if (text.timed) return "a log" + size;
  if (begin.starts_with('{') || begin.starts_with('[')) return "JSON" + size;
  return "text" + size;
}

}  // namespace

void Refusals::add(std::string_view format, const Recognition& recognition) {
  const auto known = std::find_if(all_.begin(), all_.end(), [&](const Refusal& refusal) { return refusal.format == format; });
  if (known == all_.end()) all_.push_back({format, recognition});
  else if (!known->why.near) known->why = recognition;
}

std::string Refusals::told() const {
  std::string near, others;
  std::size_t count = 0;
  for (const Refusal& refusal : all_) {
    if (refusal.why.near) {
      near.append(refusal.format).append(" came near: ").append(refusal.why.reason).append("\n");
    } else {
      others.append(others.empty() ? "" : ", ").append(refusal.format);
      ++count;
    }
  }
  return near + std::to_string(count) + (near.empty() ? "" : " other") + " formats were tried, and found no line of theirs: " + others + "\n--format-in NAME says what that format looks for";
}

namespace {

const Format* recognise_among(SignOwners asked, std::string_view head, bool binary, Refusals* refusals) {
  const Format* best = nullptr;
  int score = 0;
  for (std::size_t i = 0; i < formats().size(); ++i) {
    const Format& format = formats()[i];
    if ((format.read_bytes != nullptr) != binary) continue;
    const Recognition recognition = (asked >> i & 1) != 0 ? format.recognise(head) : Recognition{};
    if (recognition.score > score) {
      best = &format;
      score = recognition.score;
    }
    if (recognition.score == 0 && refusals != nullptr) refusals->add(format.name, recognition);
  }
  return best;
}

}  // namespace

const Format* recognise_format(std::string_view head, bool binary, Refusals* refusals) { return recognise_among(~SignOwners{0}, head, binary, refusals); }

const Format* recognise_window(std::string_view window, Refusals& refusals) {
  static const SignSearch kSigns = [] {
    SignSearch signs;
    for (std::size_t i = 0; i < formats().size(); ++i) signs.add(formats()[i].signs, static_cast<unsigned>(i));
    return signs;
  }();
  return recognise_among(kSigns.find(window), window, false, &refusals);
}

Error unknown_text(const UnknownText& text, const Refusals& refusals, const std::string& file) {
  const std::string_view foreign = foreign_tool(text.head);
  const std::string advice = foreign.empty() ? "it looks like " + kind_of_text(text) + "; name the file that the threads' stacks went to"
                                             : "it looks like the stacks of " + std::string(foreign) + ", which is not read; take them with gdb's `thread apply all bt` or with eu-stack";
  Error error{ErrorCode::kUnknownFormat, "holds no dump that tailback knows: " + advice, file};
  Refusals all = refusals;
  (void)recognise_format(text.head, true, &all);
  error.details = all.told();
  return error;
}

Error nothing_of_format(const Format& format, std::string_view head, const std::string& damage, const std::string& file) {
  const Recognition recognition = format.recognise(head);
  std::string message = "holds nothing of " + std::string(format.name) + ": " + (recognition.score == 0 || damage.empty() ? recognition.reason : damage);
  if (recognition.score != 0 && damage.empty()) message += ", but no thread and no value that can be read";
  const Format* other = recognise_format(head, false);
  if (recognition.score == 0 && other != nullptr) message += "; it looks like " + std::string(other->name);
  return {ErrorCode::kUnknownFormat, std::move(message), file};
}

bool is_binary(std::string_view head) {
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) return false;  // UTF-16
  return head.find('\0') != std::string_view::npos;
}

std::string_view kind_of_binary(std::string_view head) {
  if (head.starts_with("\x7f" "ELF")) return "is an ELF program, library or core, not a dump of stacks";
  if (head.starts_with("PK\x03\x04")) return "is a zip archive; unpack it";
  if (head.size() > 262 && head.substr(257, 5) == "ustar") return "is a tar archive; unpack it";
  return "is binary, and no dump, profile or incident file";
}

}  // namespace tailback::replay
