#include "runtime/recorder/config.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <map>

namespace tailback {
namespace {

using namespace std::chrono_literals;

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> const char* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  };
}

RecorderOptions options(std::string file = "/tmp/x.tailback") {
  RecorderOptions made;
  made.file = std::move(file);
  return made;
}

TEST(RecorderConfig, TakesTheOptionsWhereTheEnvironmentIsSilent) {
  const auto config = make_config(options(), environment({}));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->options.interval, 1s);
  EXPECT_EQ(config->triggers.size(), 4u);
  EXPECT_EQ(config->options.instance, "1");
  EXPECT_EQ(config->policy.cool_down, 60s);
}

TEST(RecorderConfig, LetsTheEnvironmentOverrideEachOption) {
  const auto config = make_config(options(), environment({{"TAILBACK_FILE", "/tmp/other-%p.tailback"},
                                                          {"TAILBACK_INTERVAL", "100ms"},
                                                          {"TAILBACK_TRIGGERS", "threads > 5"},
                                                          {"TAILBACK_COOL_DOWN", "2s"},
                                                          {"TAILBACK_DUMPS_PER_BREACH", "3"},
                                                          {"TAILBACK_DUMPS_PER_HOUR", "4"},
                                                          {"TAILBACK_SIGNAL", std::to_string(SIGRTMIN + 3)},
                                                          {"TAILBACK_INTERRUPT_CALLS", "1"},
                                                          {"TAILBACK_LOCK_EVENTS", "full"},
                                                          {"TAILBACK_INSTANCE", "shop-7"},
                                                          {"INST_NO", "9"},
                                                          {"TAILBACK_METRICS_FILE", "/tmp/page.prom"},
                                                          {"TAILBACK_QUIET", "1"}}));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->options.file, "/tmp/other-" + std::to_string(::getpid()) + ".tailback");
  EXPECT_EQ(config->options.interval, 100ms);
  ASSERT_EQ(config->triggers.size(), 1u);
  EXPECT_EQ(config->policy.cool_down, 2s);
  EXPECT_EQ(config->policy.dumps_per_breach, 3u);
  EXPECT_EQ(config->policy.dumps_per_hour, 4u);
  EXPECT_EQ(config->options.signal, SIGRTMIN + 3);
  EXPECT_TRUE(config->options.interrupt_calls);
  EXPECT_EQ(config->options.lock_events, LockEvents::kFull);
  EXPECT_EQ(config->options.instance, "shop-7");
  EXPECT_EQ(config->options.metrics_file, "/tmp/page.prom");
  EXPECT_TRUE(config->options.quiet);
}

TEST(RecorderConfig, TakesTheInstanceFromInstNoWhereNothingElseSaysIt) {
  EXPECT_EQ(make_config(options(), environment({{"INST_NO", "9"}}))->options.instance, "9");
  RecorderOptions named = options();
  named.instance = "blue";
  EXPECT_EQ(make_config(named, environment({{"INST_NO", "9"}}))->options.instance, "blue");
}

TEST(RecorderConfig, TakesAnEmptyTriggerTextForNone) {
  const auto config = make_config(options(), environment({{"TAILBACK_TRIGGERS", ""}}));
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->triggers.empty());
}

TEST(RecorderConfig, LooksAtNothingElseWhenItIsDisabled) {
  const auto config = make_config(options(""), environment({{"TAILBACK_DISABLE", "1"}, {"TAILBACK_INTERVAL", "nonsense"}}));
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->disabled);
  EXPECT_FALSE(make_config(options(), environment({{"TAILBACK_DISABLE", "0"}}))->disabled);
}

TEST(RecorderConfig, NamesTheVariableThatCannotBeRead) {
  const std::map<std::string, std::string> bad{{"TAILBACK_INTERVAL", "fast"}, {"TAILBACK_COOL_DOWN", "-3s"}, {"TAILBACK_DUMPS_PER_HOUR", "many"},
                                               {"TAILBACK_DISABLE", "perhaps"}, {"TAILBACK_SIGNAL", "USR1"}, {"TAILBACK_LOCK_EVENTS", "some"}};
  for (const auto& [name, value] : bad) {
    const auto config = make_config(options(), environment({{name, value}}));
    ASSERT_FALSE(config) << name;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(config.error().context, name);
  }
}

TEST(RecorderConfig, RefusesWhatCannotBe) {
  EXPECT_EQ(make_config(options(""), environment({})).error().context, "RecorderOptions::file");
  RecorderOptions fast = options();
  fast.interval = 1ms;
  EXPECT_FALSE(make_config(fast, environment({})));
  RecorderOptions signal = options();
  signal.signal = SIGUSR1;
  EXPECT_NE(make_config(signal, environment({})).error().message.find("not a real-time signal"), std::string::npos);
  RecorderOptions triggers = options();
  triggers.triggers = "threads > 1000; rss !";
  EXPECT_NE(make_config(triggers, environment({})).error().to_string().find("column 21"), std::string::npos)
      << make_config(triggers, environment({})).error().to_string();
}

}  // namespace
}  // namespace tailback
