// What a finding has in common with the same finding of another day, build and machine.
//
// A signature is a line of parts: the kind, the kinds of the locks, and for each position of the chain the mode and the function that
// holds or waits, with the function that called it. It has no addresses, lines, counts or numbers of threads; the numbers that compilers give
// to lambdas, clones and proxies are taken off. The parts are sorted, so that a ring reads the same from wherever it was entered.
// It stays readable on purpose: two that are nearly equal can be told by eye, and by distance.
//
//   recursive_read_lock | rwlock | held shared main.(*HashSet).Values | wait exclusive main.(*HashSet).AddOne < main.(*Cache).Get | …
#pragma once

#include <string>
#include <string_view>

#include "analyze/analysis.h"

namespace tailback::analyze {

/// A function's name without what changes from build to build: "main.run.func2.1" → "main.run.func",
/// "work(int) [clone .isra.0]" → "work(int)", "App.lambda$start$3" → "App.lambda$start".
[[nodiscard]] std::string stable_function(std::string_view function);

[[nodiscard]] std::string signature_of(const Recording& recording, const Analysis& analysis, const Finding& finding);

/// 1: the same; 0: nothing in common. By the parts that must be added, removed or replaced to turn one into the other.
[[nodiscard]] double signature_similarity(std::string_view a, std::string_view b);

}  // namespace tailback::analyze
