// A value, or the reason why there is none.
//
// tailback runs inside other people's services, so nothing of its public interface throws:
// what can fail returns a Result. An Error has a code for programs, a message for people, and
// the context (a file, a place in it, an option) that the message is about.
//
// Thread safety: a Result is a plain value; share it as you would share a std::string.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace tailback {

/// What kind of failure it was, for programs that decide on it.
enum class ErrorCode {
  kInvalidArgument,   ///< the caller's words are wrong: an option, a trigger, a path
  kNotFound,          ///< the file, process or object named does not exist
  kPermission,        ///< the system said no
  kIo,                ///< reading or writing failed; the message holds the system's words
  kMalformed,         ///< input that is not what it claims to be
  kUnknownFormat,     ///< input that no reader recognises
  kUnsupported,       ///< understood, but not possible on this system or in this build
  kResourceExhausted, ///< out of memory, disk, descriptors or signal queue
  kInternal,          ///< a broken invariant of tailback itself
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  ///< one line, no final full stop
  std::string context;  ///< what it is about, e.g. "service.log:1204"; may be empty
  std::string details{};  ///< further lines for people, e.g. what was tried; mostly empty

  /// "context: message", or the message alone. One line.
  [[nodiscard]] std::string to_string() const {
    return context.empty() ? message : context + ": " + message;
  }
};

/// Holds a T or an Error. Access to the wrong alternative is a bug of the caller's: value()
/// on an error throws std::bad_variant_access, which no code of tailback's own lets escape.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace tailback
