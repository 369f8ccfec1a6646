#include "runtime/capture/spool.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

namespace tailback {
namespace {

constexpr std::uint64_t kStep = 1u << 20;

Error system_error(ErrorCode code, const std::string& what, const std::string& path) {
  return {code, what + ": " + std::strerror(errno), path.empty() ? "spool" : path};
}

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; }

}  // namespace

Spool::~Spool() {
  if (map_ != nullptr) ::munmap(map_, mapped_);
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Spool::open(const std::string& path, std::uint64_t bytes, std::uint64_t limit_bytes) {
  fd_ = path.empty() ? ::memfd_create("tailback-spool", MFD_CLOEXEC) : ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return system_error(errno == EACCES || errno == EROFS ? ErrorCode::kPermission : ErrorCode::kIo, "the spool can't be opened", path);
  if (auto locked = lock(path); !locked.ok()) return locked;
  if (auto mapped = map(path, std::max(limit_bytes, bytes)); !mapped.ok()) return mapped;
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return system_error(ErrorCode::kIo, "the spool can't be examined", path);
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalidArgument, "the spool is not a regular file", path};
  // Also over what an earlier process left: its file may be sparse.
  if (!reserve(std::max(bytes, kSpoolDumpsAt + kStep))) return system_error(ErrorCode::kResourceExhausted, "the spool's room can't be reserved", path);
  return {};
}

// A lock of the process: a forked child does not inherit it, and a killed one's is gone.
Result<void> Spool::lock(const std::string& path) {
  if (path.empty()) return {};
  struct flock whole {};
  whole.l_type = F_WRLCK;
  if (::fcntl(fd_, F_SETLK, &whole) == 0) return {};
  return Error{ErrorCode::kIo, "the spool is in use by another process", path};
}

Result<void> Spool::map(const std::string& path, std::uint64_t limit_bytes) {
  // Address space only; under a small RLIMIT_AS less has to do.
  for (mapped_ = (limit_bytes + kStep - 1) / kStep * kStep; mapped_ >= kSpoolDumpsAt + kStep; mapped_ /= 2) {
    void* address = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
    if (address == MAP_FAILED) continue;
    map_ = static_cast<unsigned char*>(address);
    return {};
  }
  return system_error(ErrorCode::kResourceExhausted, "the spool can't be mapped", path);
}

bool Spool::grow(std::uint64_t from, std::uint64_t to) noexcept {
  if (::fallocate(fd_, 0, static_cast<off_t>(from), static_cast<off_t>(to - from)) == 0) return true;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR) return false;
  // A file system that can't reserve: write what is there again, or zeros, page by page.
  static constexpr std::uint64_t kPage = 4096;
  for (std::uint64_t at = from; at < to; at += kPage) {
    alignas(8) char page[kPage] = {};
    if (::pread(fd_, page, kPage, static_cast<off_t>(at)) < 0 || ::pwrite(fd_, page, kPage, static_cast<off_t>(at)) != static_cast<ssize_t>(kPage)) return false;
  }
  return true;
}

bool Spool::reserve(std::uint64_t bytes) noexcept {
  if (bytes <= reserved_) return true;
  const std::uint64_t wanted = (bytes + kStep - 1) / kStep * kStep;
  if (wanted > mapped_ || !grow(reserved_, wanted)) return false;
  reserved_ = wanted;
  return true;
}

void Spool::reset() {
  std::memset(map_, 0, kSpoolHeaderBytes);
  std::memset(map_ + kSpoolDumpsAt, 0, sizeof(DumpHeader));
  SpoolHeader header;
  header.pid = ::getpid();
  header.started_wall_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::memcpy(map_, &header, sizeof header);
}

void Spool::store_modules(const std::vector<Module>& modules) {
  unsigned char* const table = map_ + kSpoolHeaderBytes;
  std::uint64_t used = 0;
  for (const Module& module : modules) {
    const SpoolModule entry{module.base, module.begin, module.end, static_cast<std::uint32_t>(module.build_id.size()),
                            static_cast<std::uint32_t>(module.path.size())};
    const std::uint64_t bytes = padded(sizeof entry + module.build_id.size() + module.path.size());
    if (used + bytes > kSpoolModuleBytes) break;
    std::memcpy(table + used, &entry, sizeof entry);
    std::memcpy(table + used + sizeof entry, module.build_id.data(), module.build_id.size());
    std::memcpy(table + used + sizeof entry + module.build_id.size(), module.path.data(), module.path.size());
    used += bytes;
  }
  SpoolHeader header;
  std::memcpy(&header, map_, sizeof header);
  header.module_bytes = used;
  seal_modules(header, contents());
  std::memcpy(map_, &header, sizeof header);
}

void Spool::seal_modules(SpoolHeader& header, std::span<const unsigned char> spool) {
  header.module_checksum = XXH3_64bits(spool.data() + kSpoolHeaderBytes, header.module_bytes);
}

template <class T>
bool SpoolDump::load(std::uint64_t offset, T& out) const {
  if (offset > bytes_.size() || bytes_.size() - offset < sizeof out) return false;
  std::memcpy(&out, bytes_.data() + offset, sizeof out);
  return true;
}

bool SpoolDump::parse(std::span<const unsigned char> bytes) {
  bytes_ = bytes;
  if (!load(0, header_) || header_.magic != kDumpMagic) return false;
  if (header_.state != RecordState::kWriting && header_.state != RecordState::kComplete) return false;
  header_.reason[sizeof header_.reason - 1] = 0;
  if (header_.state == RecordState::kComplete && header_.bytes >= sizeof header_ && header_.bytes <= bytes.size()) {
    bytes_ = bytes.first(static_cast<std::size_t>(header_.bytes));
    complete_ = XXH3_64bits(bytes_.data() + sizeof header_, bytes_.size() - sizeof header_) == header_.checksum;
  }
  rows_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(header_.rows, (bytes_.size() - sizeof header_) / sizeof(ThreadRow)));
  return true;
}

ThreadRow SpoolDump::row(std::uint32_t index) const {
  ThreadRow row;
  if (index >= rows_ || !load(sizeof header_ + std::uint64_t{index} * sizeof row, row)) return {};
  return row;
}

std::vector<std::uint64_t> SpoolDump::stack(std::uint64_t offset) const {
  StackPiece piece;
  if (offset == 0 || !load(offset, piece) || piece.kind != PieceKind::kStack) return {};
  const std::uint64_t begin = offset + sizeof piece;
  if (piece.count == 0 || piece.count > (bytes_.size() - begin) / sizeof(std::uint64_t)) return {};
  std::vector<std::uint64_t> addresses(piece.count);
  std::memcpy(addresses.data(), bytes_.data() + begin, piece.count * sizeof(std::uint64_t));
  return addresses;
}

bool SpoolDump::lock(std::uint64_t offset, LockPiece& out) const {
  return offset != 0 && load(offset, out) && out.kind == PieceKind::kLock && out.readable_before <= LockPiece::kBefore &&
         out.readable_after <= LockPiece::kAfter;
}

std::vector<SpoolDump> dumps_in(std::span<const unsigned char> spool) {
  std::vector<SpoolDump> dumps;
  for (std::uint64_t at = kSpoolDumpsAt; at < spool.size() && spool.size() - at >= sizeof(DumpHeader);) {
    DumpHeader header;
    std::memcpy(&header, spool.data() + at, sizeof header);
    if (header.magic != kDumpMagic) break;
    if (header.state != RecordState::kReleased) {
      SpoolDump dump;
      if (!dump.parse(spool.subspan(at))) break;
      dumps.push_back(dump);
      if (!dump.complete()) break;  // where it would have ended is not known
    }
    if (header.bytes < sizeof header || header.bytes > spool.size() - at) break;
    at += header.bytes;
  }
  return dumps;
}

bool parse_spool(std::span<const unsigned char> bytes, SpoolHeader& header, std::vector<Module>& modules) {
  if (bytes.size() < kSpoolDumpsAt) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kSpoolMagic) return false;
  const auto table = bytes.subspan(kSpoolHeaderBytes, kSpoolModuleBytes);
  if (header.module_bytes > table.size() || XXH3_64bits(table.data(), header.module_bytes) != header.module_checksum) return true;
  for (std::uint64_t at = 0; at + sizeof(SpoolModule) <= header.module_bytes;) {
    SpoolModule entry;
    std::memcpy(&entry, table.data() + at, sizeof entry);
    const std::uint64_t texts = std::uint64_t{entry.build_id_bytes} + entry.path_bytes;
    if (texts > header.module_bytes - at - sizeof entry) return true;
    const auto* text = reinterpret_cast<const char*>(table.data() + at + sizeof entry);
    Module module;
    module.base = entry.base, module.begin = entry.begin, module.end = entry.end;
    module.build_id.assign(text, entry.build_id_bytes);
    module.path.assign(text + entry.build_id_bytes, entry.path_bytes);
    modules.push_back(std::move(module));
    at += padded(sizeof entry + texts);
  }
  return true;
}

}  // namespace tailback
