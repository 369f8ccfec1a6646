#include "analyze/report/page.h"

#include <gtest/gtest.h>

#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

TEST(Page, ShowsNothingThatCouldMoveTheCursor) {
  EXPECT_EQ(harmless("a\033[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(harmless("\xc2\x9b" "31m"), "?31m") << "CSI as one C1 character";
  EXPECT_EQ(harmless("\xe2\x80\xae" "evil"), "?evil") << "right-to-left override";
  EXPECT_EQ(harmless("ok \xff\xfe ok"), "ok ?? ok");
  EXPECT_EQ(harmless("größer ← █"), "größer ← █");
}

TEST(Page, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("größer"), 6u);
  EXPECT_EQ(cut("größer", 4), "grö…");
  EXPECT_EQ(cut("größer", 6), "größer");
  EXPECT_EQ(cut_front("/a/long/path.cc", 8), "…path.cc");
  EXPECT_EQ(padded("ö", 3), "ö  ");
}

TEST(Page, DrawsBarsInEighthsAndNeverHidesALittle) {
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(0, 4), "    ");
  EXPECT_EQ(bar(0.00001, 4), "▏   ");
  EXPECT_EQ(bar(0.5, 4), "██  ");
  EXPECT_EQ(display_width(bar(0.37, 20)), 20u);
}

TEST(Page, WrapsAtWordsUnderTheText) {
  Page page(40, false);
  page.paragraph("  Why", 9, "one two three four five six seven eight nine ten");
  EXPECT_EQ(page.take(), "  Why    one two three four five six\n         seven eight nine ten\n");
}

TEST(Page, WritesNoEscapeWithoutColour) {
  Page plain(80, false), coloured(80, true);
  plain.line("DEADLOCK", Style::kAlarm);
  coloured.line("DEADLOCK", Style::kAlarm);
  EXPECT_EQ(plain.take(), "DEADLOCK\n");
  EXPECT_EQ(coloured.take(), "\033[1;31mDEADLOCK\033[0m\n");
}

TEST(Page, CutsLinesToItsWidth) {
  Page page(10, false);
  page.line("0123456789abc");
  EXPECT_EQ(page.take(), "012345678…\n");
}

TEST(Names, ShortenFunctionsButSayWhich) {
  EXPECT_EQ(short_function("main.(*HashSet).AddOne", Runtime::kGo), "(*HashSet).AddOne");
  EXPECT_EQ(short_function("github.com/acme/store.(*Cache).Get.func1", Runtime::kGo), "(*Cache).Get.func1");
  EXPECT_EQ(short_function("net/http.HandlerFunc.ServeHTTP", Runtime::kGo), "http.HandlerFunc.ServeHTTP");
  EXPECT_EQ(short_function("main.handle", Runtime::kGo), "handle");
  EXPECT_EQ(short_function("com.acme.store.Cache.get", Runtime::kJava), "Cache.get");
  EXPECT_EQ(short_function("acme::store::Cache<std::string, int>::get", Runtime::kNative), "Cache::get");
  EXPECT_EQ(short_function("std::operator<<", Runtime::kNative), "std::operator<<");
  EXPECT_EQ(short_function("acme::HashSet::Values[abi:cxx11]", Runtime::kNative), "HashSet::Values");
  EXPECT_EQ(short_function("main", Runtime::kNative), "main");
  EXPECT_EQ(short_function("acme::run(int)::{lambda()#1}::operator()", Runtime::kNative), "{lambda()#1}::operator()");
}

}  // namespace
}  // namespace tailback::analyze
