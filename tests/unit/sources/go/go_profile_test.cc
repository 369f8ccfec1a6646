#include "replay/sources/pprof.pb.h"
#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(GoProfile, ReadsCountsAddressesAndLabels) {
  const Recording r = read_one(
      "goroutine profile: total 50\n"
      "40 @ 0x43b8c5 0x44b8a5\n# labels: {\"tenant\":\"acme\"}\n"
      "#\t0x46a6e6\tsync.runtime_SemacquireMutex+0x46\t/usr/local/go/src/runtime/sema.go:71\n#\t0x797c7d\tmain.(*HashSet).AddOne+0x3d\t\t/go/src/segmentd/main.go:41\n\n"
      "10 @ 0x43b8c5 0x5\n\n");
  EXPECT_EQ(r.info.source, "go-profile");
  ASSERT_EQ(r.dumps.size(), 1u);
  EXPECT_EQ(r.dumps[0].thread_count(), 50u);
  ASSERT_EQ(r.dumps[0].threads.size(), 2u);
  const ThreadRecord& many = r.dumps[0].threads[0];
  EXPECT_EQ(many.count, 40u);
  EXPECT_EQ(r.table.text(many.label), "{\"tenant\":\"acme\"}");
  EXPECT_THAT(functions(r, many), ElementsAre("sync.runtime_SemacquireMutex", "main.(*HashSet).AddOne"));
  const Frame& frame = r.table.frame(r.table.stack(many.stack)[1]);
  EXPECT_EQ(frame.address, 0x797c7du);
  EXPECT_EQ(frame.line, 41u);
  EXPECT_EQ(r.table.stack(r.dumps[0].threads[1].stack).size(), 2u) << "without symbols the addresses are the frames";
}

TEST(GoProfile, SaysWhatIsMissingOfItsTotal) {
  const Recording r = read_one("goroutine profile: total 50\n40 @ 0x43b8c5\n#\t0x43b8c4\tmain.f+0x4\t/go/main.go:1\n");
  EXPECT_EQ(r.dumps.at(0).threads_missed, 10u);
  EXPECT_THAT(reasons(r), Contains(HasSubstr("counts more goroutines")));
}

std::string profile(const std::string& type) {
  pprof::Profile p;
  for (const char* text : {"", "count", "main.f", "main.go", "main.inlined", "job", "ingest"}) p.add_string_table(text);
  p.add_string_table(type);
  auto* sample_type = p.add_sample_type();
  sample_type->set_type(7);
  sample_type->set_unit(1);
  *p.mutable_period_type() = *sample_type;
  p.set_period(1);
  p.set_time_nanos(1581413510'000000000);
  for (const std::uint64_t id : {1, 2}) {
    auto* function = p.add_function();
    function->set_id(id);
    function->set_name(id == 1 ? 2 : 4);
    function->set_filename(3);
  }
  auto* location = p.add_location();
  location->set_id(5);
  location->set_address(0x1234);
  for (const std::uint64_t id : {2, 1}) {
    auto* line = location->add_line();
    line->set_function_id(id);
    line->set_line(static_cast<std::int64_t>(id * 10));
  }
  auto* sample = p.add_sample();
  sample->add_location_id(5);
  sample->add_location_id(99);
  sample->add_value(42804);
  auto* label = sample->add_label();
  label->set_key(5);
  label->set_str(6);
  return p.SerializeAsString();
}

TEST(GoPprof, ReadsStacksCountsAndInlinedCalls) {
  const Recording r = read_one(profile("goroutine"));
  ASSERT_EQ(r.dumps.size(), 1u);
  EXPECT_EQ(r.dumps[0].thread_count(), 42804u);
  EXPECT_EQ(r.dumps[0].wall_ns, 1581413510'000000000);
  const ThreadRecord& thread = r.dumps[0].threads[0];
  EXPECT_THAT(functions(r, thread), ElementsAre("main.inlined", "main.f"));
  EXPECT_TRUE(r.table.frame(r.table.stack(thread.stack)[0]).inlined);
  EXPECT_FALSE(r.table.frame(r.table.stack(thread.stack)[1]).inlined);
  EXPECT_EQ(r.table.text(thread.label), "job: ingest");
  EXPECT_THAT(reasons(r), ElementsAre("a location that the profile does not hold"));
}

TEST(GoPprof, RefusesProfilesOfOtherThings) {
  const Read cpu = read(profile("cpu"));
  ASSERT_FALSE(cpu.result.ok());
  EXPECT_EQ(cpu.result.error().to_string(), "input: is a profile of cpu, not of goroutines or threads");
}

TEST(GoPprof, ATruncatedOneIsAnError) {
  const std::string whole = profile("goroutine");
  const Read cut = read(std::string_view(whole).substr(0, whole.size() - 4));
  ASSERT_FALSE(cut.result.ok());
  EXPECT_THAT(cut.result.error().to_string(), HasSubstr("can't be decoded"));
}

}  // namespace
}  // namespace tailback::replay
