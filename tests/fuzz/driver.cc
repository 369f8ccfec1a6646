// Runs a fuzz target without libFuzzer: over every file of a seed corpus, and over mutations of it.
//
//   NAME CORPUS_DIR [MUTATIONS_PER_FILE]
//
// The mutations are the same in each run: truncations, flipped bits, overwritten and deleted ranges, repeated ranges and
// splices of two seeds. When the target dies, the line on standard error says which input it was; `NAME CORPUS_DIR N --only
// FILE:K` runs that one alone.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

struct Seed {
  std::string name;
  std::string bytes;
};

/// SplitMix64: small, and the same everywhere, unlike the distributions of <random>.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  std::uint64_t state_;
};

char current_input[512];  // what the handler below prints

void report_death(int signal) {
  static constexpr char kText[] = "\nthe fuzz target died on ";
  (void)!::write(STDERR_FILENO, kText, sizeof kText - 1);
  (void)!::write(STDERR_FILENO, current_input, ::strlen(current_input));
  (void)!::write(STDERR_FILENO, "\n", 1);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

std::string mutate(const Seed& seed, const std::vector<Seed>& seeds, Random& random) {
  static constexpr std::size_t kMostBytes = 32 << 10;  // mutations of the beginning are worth more than repeated long runs
  std::string bytes = seed.bytes.substr(0, kMostBytes);
  if (bytes.empty()) bytes.push_back(static_cast<char>(random.next()));
  const std::size_t at = random.below(bytes.size()), length = 1 + random.below(std::min<std::size_t>(bytes.size() - at, 200));
  switch (random.below(7)) {
    case 0: bytes.resize(at); break;
    case 1: bytes.erase(0, at); break;
    case 2:
      for (std::size_t flips = 1 + random.below(8); flips > 0; --flips) bytes[random.below(bytes.size())] ^= static_cast<char>(1u << random.below(8));
      break;
    case 3: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, static_cast<char>(random.next())); break;
    case 4: bytes.erase(at, length); break;
    case 5: bytes.insert(random.below(bytes.size()), bytes.substr(at, length)); break;
    default: {
      const std::string& other = seeds[random.below(seeds.size())].bytes;
      const std::size_t from = random.below(other.size());
      bytes.resize(at);
      bytes += other.substr(from, kMostBytes - at);
    }
  }
  return bytes;
}

void run(const std::string& bytes) {
  // An allocation of its own, so that a read past the end is one that AddressSanitizer sees.
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

std::vector<Seed> read_corpus(const std::filesystem::path& folder) {
  std::vector<Seed> seeds;
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, error); !error && entry != std::filesystem::end(entry); entry.increment(error)) {
    if (!entry->is_regular_file()) continue;
    std::ifstream in(entry->path(), std::ios::binary);
    seeds.push_back({entry->path().lexically_relative(folder), {std::istreambuf_iterator<char>(in), {}}});
  }
  std::sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) { return a.name < b.name; });
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIR [MUTATIONS_PER_FILE [--only FILE:K]]\n", argv[0]);
    return 2;
  }
  const std::vector<Seed> seeds = read_corpus(argv[1]);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s: no seeds in it\n", argv[1]);
    return 2;
  }
  const int mutations = argc > 2 ? std::atoi(argv[2]) : static_cast<int>(std::clamp<std::size_t>(2000 / seeds.size(), 20, 300));
  const std::string only = argc > 4 && std::strcmp(argv[3], "--only") == 0 ? argv[4] : "";
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}) ::signal(signal, report_death);

  LLVMFuzzerTestOneInput(nullptr, 0);
  for (const Seed& seed : seeds) {
    Random random(std::hash<std::string>{}(seed.name));
    for (int k = 0; k <= mutations; ++k) {
      const std::string bytes = k == 0 ? seed.bytes : mutate(seed, seeds, random);
      std::snprintf(current_input, sizeof current_input, "%s:%d", seed.name.c_str(), k);
      if (!only.empty() && only != current_input) continue;
      ::alarm(60);  // an input that takes a minute is a defect too
      run(bytes);
    }
  }
  ::alarm(0);
  std::printf("%zu seeds, %d mutations of each\n", seeds.size(), mutations);
  return 0;
}
