#include "runtime/recorder/tallies.h"

namespace tailback {

std::vector<std::pair<std::string, std::uint64_t>> Tallies::no_dump_by_reason() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (std::size_t i = 0; i < no_dump.size(); ++i) out.emplace_back(to_string(static_cast<NoDump>(i)), no_dump[i].load());
  return out;
}

std::vector<std::pair<std::string, std::uint64_t>> Tallies::named() const {
  std::vector<std::pair<std::string, std::uint64_t>> out{
      {"samples_taken", samples_taken},       {"samples_late", samples_late},         {"samples_dropped", samples_dropped},
      {"events_dropped", events_dropped},     {"dumps", dumps},                       {"dumps_failed", dumps_failed},
      {"dumps_not_stored", dumps_not_stored}, {"threads_missed", threads_missed},     {"callbacks_thrown", callbacks_thrown},
      {"internal_errors", internal_errors},
  };
  for (const auto& [reason, count] : no_dump_by_reason()) out.emplace_back("no_dump." + reason, count);
  for (std::size_t i = 1; i < absences.size(); ++i) {
    if (const std::uint64_t count = absences[i]) out.emplace_back("no_stack." + std::string(to_string(static_cast<Absence>(i))), count);
  }
  return out;
}

}  // namespace tailback
