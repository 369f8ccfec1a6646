// SQLite as values: a connection, a prepared statement, and Results in place of codes.
//
// Thread safety: none; a connection and its statements belong to one thread.
// Errors: kNotFound, kPermission, kResourceExhausted, kMalformed or kIo, with SQLite's words and the file as context.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tailback/result.h>

namespace tailback {

class Statement {
 public:
  Statement() = default;

  /// Binds parameter `index` (1-based). Texts and blobs must live until the statement is stepped or reset.
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(get(), index, value); }
  void bind(int index, double value) { sqlite3_bind_double(get(), index, value); }
  void bind(int index, std::string_view text) {
    // A view of nothing has no address, which SQLite would take for NULL.
    sqlite3_bind_text(get(), index, text.data() != nullptr ? text.data() : "", static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind(int index, std::span<const unsigned char> blob) {
    sqlite3_bind_blob(get(), index, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
  }
  void bind(int index, std::nullopt_t) { sqlite3_bind_null(get(), index); }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value.has_value()) bind(index, value.value());
    else bind(index, std::nullopt);
  }

  /// Binds all parameters in order, runs to the end and resets: for statements that return no rows.
  template <class... Values>
  Result<void> run(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    const int code = sqlite3_step(get());
    sqlite3_reset(get());
    return code == SQLITE_DONE || code == SQLITE_ROW ? Result<void>() : Result<void>(error());
  }

  /// True: a row is there. False: the end. Resets itself at the end and on an error.
  Result<bool> step();
  void reset() { sqlite3_reset(get()); }

  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(get(), column) == SQLITE_NULL; }
  [[nodiscard]] bool is_integer(int column) const { return sqlite3_column_type(get(), column) == SQLITE_INTEGER; }
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(get(), column); }
  [[nodiscard]] double real(int column) const { return sqlite3_column_double(get(), column); }
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const unsigned char> blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  [[nodiscard]] sqlite3_stmt* get() const { return statement_.get(); }
  [[nodiscard]] Error error() const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  /// `flags` are SQLITE_OPEN_…; `path` may be a URI where SQLITE_OPEN_URI is among them. `shown_path` names the file in errors.
  static Result<Database> open(const std::string& path, int flags, std::string shown_path = {});

  Result<Statement> prepare(std::string_view sql);
  /// Runs all statements of a text.
  Result<void> execute(const char* sql);
  /// The first column of the first row, or 0 where there is none.
  Result<std::int64_t> integer(std::string_view sql);

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  [[nodiscard]] Error error() const;
  [[nodiscard]] std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
  [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

/// The Error for a connection's last failure; `context` names the file.
[[nodiscard]] Error sqlite_error(sqlite3* handle, std::string context);

}  // namespace tailback
