// What the tests of a recorder share: a folder, options for a test's patience, a file read back, lines and reports caught.
#pragma once

#include <gtest/gtest.h>
#include <tailback/recorder.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/incident/incident_reader.h"
#include "runtime/incident/sqlite.h"

namespace tailback {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tailback-recorder-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Catches what the recorder says, and waits for it.
class Ear {
 public:
  void hear(std::string line) {
    {
      const std::lock_guard guard(mutex_);
      lines_.push_back(std::move(line));
    }
    changed_.notify_all();
  }
  /// The first line that contains `part`; empty when none came in time.
  std::string wait_for(std::string_view part) {
    std::unique_lock lock(mutex_);
    const auto find = [&]() -> std::string {
      for (const std::string& line : lines_) {
        if (line.find(part) != std::string::npos) return line;
      }
      return {};
    };
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return !find().empty(); });
    return find();
  }
  std::size_t count(std::string_view part) {
    const std::lock_guard guard(mutex_);
    std::size_t count = 0;
    for (const std::string& line : lines_) count += line.find(part) != std::string::npos;
    return count;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

inline RecorderOptions quick(std::string file, Ear& ear) {
  RecorderOptions options;
  options.file = std::move(file);
  options.interval = std::chrono::milliseconds(20);
  options.triggers = "";
  options.log = [&ear](std::string_view line) { ear.hear(std::string(line)); };
  return options;
}

inline std::vector<Recording> read_back(const std::string& file) {
  RecordingCollector collector;
  const Result<void> read = read_incident(file, collector);
  EXPECT_TRUE(read) << (read ? "" : read.error().to_string());
  return collector.take();
}

inline std::string integrity(const std::string& file) {
  Result<Database> database = Database::open(file, SQLITE_OPEN_READWRITE);
  if (!database) return database.error().to_string();
  const Result<std::int64_t> errors = database->integer("SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
  return errors && *errors == 0 ? "ok" : "damaged";
}

inline std::uint64_t counter_of(const Recording& recording, std::string_view name) {
  for (const auto& [key, value] : recording.counters) {
    if (key == name) return value;
  }
  return 0;
}

}  // namespace tailback
