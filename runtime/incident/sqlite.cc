#include "runtime/incident/sqlite.h"

namespace tailback {
namespace {

ErrorCode code_of(int code) {
  switch (code & 0xff) {
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return ErrorCode::kPermission;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return ErrorCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::kMalformed;
    case SQLITE_MISUSE: return ErrorCode::kInternal;
    default: return ErrorCode::kIo;
  }
}

std::string file_of(sqlite3* handle) {
  const char* name = handle ? sqlite3_db_filename(handle, "main") : nullptr;
  return name ? name : "";
}

}  // namespace

Error sqlite_error(sqlite3* handle, std::string context) {
  if (!handle) return {ErrorCode::kResourceExhausted, "out of memory", std::move(context)};
  return {code_of(sqlite3_extended_errcode(handle)), sqlite3_errmsg(handle), std::move(context)};
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(get());
    return false;
  }
  Error failure = error();
  sqlite3_reset(get());
  return failure;
}

std::string_view Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(get(), column);
  if (!data) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(get(), column))};
}

std::span<const unsigned char> Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(get(), column);
  if (!data) return {};
  return {static_cast<const unsigned char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(get(), column))};
}

Error Statement::error() const {
  sqlite3* handle = sqlite3_db_handle(get());
  return sqlite_error(handle, file_of(handle));
}

Result<Database> Database::open(const std::string& path, int flags, std::string shown_path) {
  Database database;
  database.path_ = shown_path.empty() ? path : std::move(shown_path);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database.handle_.reset(handle);
  if (code != SQLITE_OK) return sqlite_error(handle, database.path_);
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  Statement statement;
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return error();
  statement.statement_.reset(raw);
  return statement;
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error();
  return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

Error Database::error() const { return sqlite_error(handle(), path_); }

}  // namespace tailback
