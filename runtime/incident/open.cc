#include "runtime/incident/open.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "runtime/incident/schema.h"

namespace tailback {
namespace {

/// A path as an SQLite URI, with what a URI would take for syntax escaped.
std::string uri_of(const std::string& path, const char* parameters) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      const char* const digits = "0123456789abcdef";
      uri += {'%', digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
    } else {
      uri += c;
    }
  }
  return uri + parameters;
}

/// What a hostile file could ask of SQLite is switched off or bounded. Source: "Defense Against The Dark Arts", sqlite.org/security.html.
void harden(sqlite3* handle) {
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_exec(handle, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", nullptr, nullptr, nullptr);
}

Error not_an_incident(const std::string& path, std::string why) { return {ErrorCode::kMalformed, std::move(why), path}; }

/// The file with its WAL where that can be read, else as it stands.
Result<Database> open_readonly(const std::string& path, bool& without_wal) {
  constexpr int kFlags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  without_wal = false;
  Result<Database> database = Database::open(uri_of(path, "?mode=ro"), kFlags, path);
  if (database && database->integer("SELECT COUNT(*) FROM sqlite_schema").ok()) return database;
  struct stat wal{};
  without_wal = ::stat((path + "-wal").c_str(), &wal) == 0 && wal.st_size > 0;
  return Database::open(uri_of(path, "?mode=ro&immutable=1"), kFlags, path);
}

}  // namespace

Result<Database> open_incident(const std::string& path, bool& without_wal) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return Error{errno == EACCES ? ErrorCode::kPermission : ErrorCode::kNotFound, std::strerror(errno), path};
  }
  Result<Database> database = open_readonly(path, without_wal);
  if (!database) return database.error();
  harden(database->handle());
  const Result<std::int64_t> application = database->integer("PRAGMA application_id"), version = database->integer("PRAGMA user_version");
  const Result<std::int64_t> objects = database->integer("SELECT COUNT(*) FROM sqlite_schema");
  if (!application || !version || !objects) {
    const Error& first = !application ? application.error() : !version ? version.error() : objects.error();
    return not_an_incident(path, "cannot be read as an incident file: " + first.message);
  }
  if (*application != kApplicationId) return not_an_incident(path, "is an SQLite database, but no incident file");
  if (*version != kFormatVersion) {
    return Error{ErrorCode::kUnsupported, "is an incident file of format " + std::to_string(*version) + "; this tailback reads format " +
                                              std::to_string(kFormatVersion), path};
  }
  return database;
}

Result<Database> open_incident_to_write(const std::string& path) {
  bool without_wal = false;
  if (Result<Database> known = open_incident(path, without_wal); !known) return known;
  Result<Database> database = Database::open(path, SQLITE_OPEN_READWRITE, path);
  if (!database) return database;
  harden(database->handle());
  sqlite3_busy_timeout(database->handle(), 2000);
  return database;
}

}  // namespace tailback
