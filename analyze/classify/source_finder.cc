#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <unordered_map>

#include "analyze/classify/source_evidence.h"

namespace tailback::analyze {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMaximumBytes = 8u << 20;
constexpr std::size_t kMaximumEntries = 200'000;

/// How many whole components the ends of two paths share: "/build/svc/set.go" and "src/svc/set.go" share two.
std::size_t common_suffix(std::string_view a, std::string_view b) {
  std::size_t components = 0;
  while (!a.empty() && !b.empty()) {
    const std::size_t at_a = a.rfind('/'), at_b = b.rfind('/');
    const std::string_view last_a = at_a == std::string_view::npos ? a : a.substr(at_a + 1);
    const std::string_view last_b = at_b == std::string_view::npos ? b : b.substr(at_b + 1);
    if (last_a != last_b) break;
    ++components;
    a = at_a == std::string_view::npos ? std::string_view{} : a.substr(0, at_a);
    b = at_b == std::string_view::npos ? std::string_view{} : b.substr(0, at_b);
  }
  return components;
}

/// Only a regular file: a dump may name a device or a pipe.
std::unique_ptr<std::string> read_file(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kMaximumBytes || error) return nullptr;
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  auto text = std::make_unique<std::string>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  return in.bad() ? nullptr : std::move(text);
}

}  // namespace

struct SourceFinder::State {
  std::string directory;
  bool from_paths = false;
  bool indexed = false;
  std::unordered_map<std::string, std::vector<std::string>> paths_of_name;  ///< base name → paths in the directory
  std::map<std::string, std::unique_ptr<std::string>, std::less<>> texts;   ///< by the frame's path; null: not found
  std::map<std::string, SourceEvidence> evidence;                           ///< by path, line and callee

  void index();
  [[nodiscard]] std::string find_in_directory(std::string_view path);
};

void SourceFinder::State::index() {
  if (indexed || directory.empty()) return;
  indexed = true;
  std::error_code error;
  std::size_t entries = 0;
  auto at = fs::recursive_directory_iterator(directory, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator() && entries < kMaximumEntries; at.increment(error), ++entries) {
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') && at->is_directory(ignored)) at.disable_recursion_pending();
    else if (source_language(name) != SourceLanguage::kUnknown) paths_of_name[name].push_back(at->path().string());
  }
}

std::string SourceFinder::State::find_in_directory(std::string_view path) {
  index();
  const auto known = paths_of_name.find(std::string(path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1)));
  if (known == paths_of_name.end()) return {};
  std::size_t longest = 0;
  std::string best;
  bool ambiguous = false;
  for (const std::string& candidate : known->second) {
    const std::size_t shared = common_suffix(path, candidate);
    if (shared == longest) ambiguous = true;
    if (shared <= longest) continue;
    longest = shared;
    best = candidate;
    ambiguous = false;
  }
  if (!ambiguous) return best;
  // Folders below the directory are called the same where the program was built; the directory itself need not be. So of files
  // that share only their name with the frame's, the one at the top is it.
  const std::string top = (fs::path(directory) / known->first).string();
  const bool at_top = longest == 1 && std::find(known->second.begin(), known->second.end(), top) != known->second.end();
  return at_top ? top : std::string();
}

SourceFinder::SourceFinder(std::string directory, bool from_paths) : state_(std::make_unique<State>()) {
  state_->directory = std::move(directory);
  state_->from_paths = from_paths;
}
SourceFinder::~SourceFinder() = default;
SourceFinder::SourceFinder(SourceFinder&&) noexcept = default;
SourceFinder& SourceFinder::operator=(SourceFinder&&) noexcept = default;

const std::string* SourceFinder::text(std::string_view path) {
  if (source_language(path) == SourceLanguage::kUnknown) return nullptr;
  const auto known = state_->texts.find(path);
  if (known != state_->texts.end()) return known->second.get();
  std::unique_ptr<std::string> text;
  if (const std::string found = state_->find_in_directory(path); !found.empty()) text = read_file(found);
  if (!text && state_->from_paths && path.starts_with('/')) text = read_file(fs::path(path));
  return state_->texts.emplace(std::string(path), std::move(text)).first->second.get();
}

SourceEvidence SourceFinder::evidence(std::string_view path, std::uint32_t line, std::string_view callee) {
  const std::string* source = text(path);
  if (source == nullptr) return {};
  std::string key = std::string(path) + '\n' + std::to_string(line) + '\n' + std::string(callee);
  const auto known = state_->evidence.find(key);
  if (known != state_->evidence.end()) return known->second;
  return state_->evidence.emplace(std::move(key), held_at(*source, source_language(path), line, callee)).first->second;
}

std::string source_path(std::string_view function, std::string_view file) {
  if (!file.ends_with(".java") || file.find('/') != std::string_view::npos) return std::string(file);
  // The last two parts are class and method: "com.acme.Book$Shelf.place".
  const std::size_t method = function.rfind('.');
  const std::size_t type = method == std::string_view::npos || method == 0 ? std::string_view::npos : function.rfind('.', method - 1);
  if (type == std::string_view::npos) return std::string(file);
  std::string path(function.substr(0, type));
  std::replace(path.begin(), path.end(), '.', '/');
  return path + "/" + std::string(file);
}

}  // namespace tailback::analyze
