#include "replay/sources/go_pprof.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "replay/sources/dump_builder.h"
#include "replay/sources/pprof.pb.h"

namespace tailback::replay {
namespace {

class ProfileReader {
 public:
  ProfileReader(const pprof::Profile& profile, const ReadOptions& options, EventSink& sink)
      : profile_(profile), builder_(options, sink, "go-profile", Runtime::kGo) {}

  Result<void> read(const std::string& file) {
    const int value = counted_value();
    if (value < 0) return Error{ErrorCode::kUnsupported, "is a profile of " + what_it_counts() + ", not of goroutines or threads", file};
    if (text(profile_.sample_type(value).type()) == "thread") builder_.info().runtime = Runtime::kUnknown;
    for (const pprof::Location& location : profile_.location()) locations_.emplace(location.id(), &location);
    for (const pprof::Function& function : profile_.function()) functions_.emplace(function.id(), &function);
    builder_.begin_dump(profile_.time_nanos() > 0 ? profile_.time_nanos() : 0);
    for (const pprof::Sample& sample : profile_.sample()) read_sample(sample, value);
    builder_.finish();
    return {};
  }

 private:
  [[nodiscard]] std::string_view text(std::int64_t index) const {
    if (index < 0 || index >= profile_.string_table_size()) return {};
    return profile_.string_table(static_cast<int>(index));
  }

  /// Which of a sample's values counts threads; -1: none does.
  [[nodiscard]] int counted_value() const {
    for (int i = 0; i < profile_.sample_type_size(); ++i) {
      const std::string_view type = text(profile_.sample_type(i).type());
      if (type == "goroutine" || type == "goroutineleak" || type == "thread" || type == "threadcreate") return i;
    }
    return -1;
  }

  [[nodiscard]] std::string what_it_counts() const {
    std::string types;
    for (const pprof::ValueType& type : profile_.sample_type()) types.append(types.empty() ? "" : ", ").append(text(type.type()));
    return types.empty() ? "nothing" : types;
  }

  void read_sample(const pprof::Sample& sample, int value) {
    const std::int64_t count = value < sample.value_size() ? sample.value(value) : 0;
    if (count <= 0) return builder_.diagnose(Severity::kInformation, 0, "a sample that counts nothing");
    ThreadRecord& thread = builder_.begin_row(0);
    thread.count = static_cast<std::uint32_t>(std::min<std::int64_t>(count, std::numeric_limits<std::uint32_t>::max()));
    if (sample.label_size() > 0) thread.label = builder_.table().intern(labels(sample));
    for (const std::uint64_t id : sample.location_id()) {
      const auto location = locations_.find(id);
      if (location == locations_.end()) builder_.diagnose(Severity::kDataLoss, 0, "a location that the profile does not hold");
      else read_location(*location->second);
    }
    builder_.end_thread();
  }

  void read_location(const pprof::Location& location) {
    Frame frame;
    frame.address = location.address();
    if (location.line_size() == 0) return builder_.frame(builder_.table().intern(frame));
    for (int i = 0; i < location.line_size(); ++i) {
      const auto function = functions_.find(location.line(i).function_id());
      if (function == functions_.end()) {
        builder_.diagnose(Severity::kDataLoss, 0, "a function that the profile does not hold");
      } else {
        frame.function = builder_.table().intern(text(function->second->name()));
        frame.file = builder_.table().intern(text(function->second->filename()));
      }
      frame.line = static_cast<std::uint32_t>(std::clamp<std::int64_t>(location.line(i).line(), 0, std::numeric_limits<std::uint32_t>::max()));
      frame.inlined = i + 1 < location.line_size();
      builder_.frame(builder_.table().intern(frame));
    }
  }

  [[nodiscard]] std::string labels(const pprof::Sample& sample) const {
    std::string joined;
    for (const pprof::Label& label : sample.label()) {
      joined.append(joined.empty() ? "" : ", ").append(text(label.key())).append(": ");
      if (label.str() != 0) joined.append(text(label.str()));
      else joined.append(std::to_string(label.num())).append(label.num_unit() != 0 ? " " : "").append(text(label.num_unit()));
    }
    return joined;
  }

  const pprof::Profile& profile_;
  DumpBuilder builder_;
  std::unordered_map<std::uint64_t, const pprof::Location*> locations_;
  std::unordered_map<std::uint64_t, const pprof::Function*> functions_;
};

/// Protobuf has no magic number: the first fields must be ones that a Profile has, of their types, one of them a sample type or a sample.
/// (Go writes the period's type first, others the sample's.)
Recognition recognise(std::string_view head) {
  using google::protobuf::io::CodedInputStream;
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(head.data()), static_cast<int>(std::min<std::size_t>(head.size(), 4096)));
  constexpr unsigned kMessages = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 11 | 1u << 13;
  constexpr unsigned kNumbers = 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 13 | 1u << 14;
  unsigned fields = 0, seen = 0;
  for (; fields < 8; ++fields) {
    const std::uint32_t tag = in.ReadTagNoLastTag(), number = tag >> 3;
    std::uint32_t size = 0;
    std::uint64_t value = 0;
    if (tag == 0 || number > 15) break;
    if ((tag & 7) == 2 && (kMessages >> number & 1) != 0 && in.ReadVarint32(&size) && in.Skip(static_cast<int>(std::min(size, 1u << 30)))) seen |= 1u << number;
    else if ((tag & 7) != 0 || (kNumbers >> number & 1) == 0 || !in.ReadVarint64(&value)) break;
  }
  if (fields >= 3 && (seen & 6) != 0) return {70, "the fields of pprof's Profile"};
  return {0, "does not have the fields of pprof's Profile"};
}

Result<void> read_bytes(std::string_view bytes, const ReadOptions& options, EventSink& sink) {
  pprof::Profile profile;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) || !profile.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    const bool begins = recognise(bytes).score != 0;
    return Error{ErrorCode::kMalformed, begins ? "begins as a pprof profile, but can't be decoded as one" : "holds nothing of go-pprof: it is no profile of pprof's", options.file};
  }
  return ProfileReader(profile, options, sink).read(options.file);
}

}  // namespace

const Format& go_pprof_format() {
  static constexpr Format kFormat{"go-pprof", "Go's goroutine profile as pprof's protobuf (goroutine.pb.gz)", recognise, nullptr, read_bytes};
  return kFormat;
}

}  // namespace tailback::replay
