#include "analyze/classify/lock_members.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>

#include <cstdlib>
#include <map>
#include <optional>

namespace tailback::analyze {
namespace {

constexpr int kMaxDepth = 8;  // of members within members

struct KnownType {
  std::string_view name;
  LockKind kind;
};

/// Types that are locks, by the name at which a search for one stops.
constexpr KnownType kLockTypes[] = {
    {"pthread_mutex_t", LockKind::kMutex},     {"pthread_rwlock_t", LockKind::kRwlock}, {"pthread_cond_t", LockKind::kCondition},
    {"sem_t", LockKind::kSemaphore},           {"pthread_barrier_t", LockKind::kBarrier},
};

std::string_view name_of(Dwarf_Die* die) {
  const char* const name = dwarf_diename(die);
  return name ? name : "";
}

std::optional<Dwarf_Die> type_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Die type;
  if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) || !dwarf_formref_die(&attribute, &type)) return std::nullopt;
  return type;
}

bool is_class(Dwarf_Die* die) {
  const int tag = dwarf_tag(die);
  return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

struct Found {
  std::uint64_t offset;
  LockKind kind;
  int bytes;
};

/// The locks within an object of `type`, by offset. Pointers are not followed: what they lead to is another object.
void locks_within(Dwarf_Die type, std::uint64_t offset, int depth, std::vector<Found>& out) {
  if (depth > kMaxDepth) return;
  for (const KnownType& known : kLockTypes) {
    if (name_of(&type) == known.name) {
      std::optional<Dwarf_Die> sized = type;
      while (sized && dwarf_tag(&*sized) == DW_TAG_typedef) sized = type_of(&*sized);
      return out.push_back({offset, known.kind, sized ? dwarf_bytesize(&*sized) : -1});
    }
  }
  const int tag = dwarf_tag(&type);
  if (tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type) {
    if (const auto inner = type_of(&type)) locks_within(*inner, offset, depth + 1, out);
    return;
  }
  if (!is_class(&type)) return;
  Dwarf_Die child;
  if (dwarf_child(&type, &child) != 0) return;
  do {
    const int child_tag = dwarf_tag(&child);
    if (child_tag != DW_TAG_member && child_tag != DW_TAG_inheritance) continue;
    Dwarf_Attribute attribute;
    Dwarf_Word at = 0;
    if (dwarf_attr(&child, DW_AT_data_member_location, &attribute)) dwarf_formudata(&attribute, &at);
    if (const auto inner = type_of(&child)) locks_within(*inner, offset + at, depth + 1, out);
  } while (dwarf_siblingof(&child, &child) == 0);
}

/// The declaration that a function's entry stands for: inlined → abstract → specification in the class.
Dwarf_Die declaration_of(Dwarf_Die die) {
  for (const unsigned link : {DW_AT_abstract_origin, DW_AT_specification}) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (dwarf_attr(&die, link, &attribute) && dwarf_formref_die(&attribute, &next)) die = next;
  }
  return die;
}

/// The functions that an address lies in, innermost first: inlined ones, then the one that they were inlined into.
std::vector<Dwarf_Die> scopes_around(Dwarf_Die unit, Dwarf_Addr address) {
  std::vector<Dwarf_Die> around;
  Dwarf_Die* scopes = nullptr;
  if (dwarf_getscopes(&unit, address, &scopes) > 0) {
    // That list leaves the caller of an inlined function out: it goes on with the scopes of the function's definition. The entry's own parents don't.
    Dwarf_Die* parents = nullptr;
    const int count = dwarf_getscopes_die(&scopes[0], &parents);
    if (count > 0) around.assign(parents, parents + count);
    std::free(parents);
  }
  std::free(scopes);
  return around;
}

/// The class that encloses a declaration.
std::optional<Dwarf_Die> class_of(Dwarf_Die declaration) {
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes_die(&declaration, &scopes);
  std::optional<Dwarf_Die> found;
  if (count > 1 && is_class(&scopes[1])) found = scopes[1];
  std::free(scopes);
  return found;
}

std::vector<LockMember> members_of(Dwarf_Die type) {
  std::vector<LockMember> members;
  Dwarf_Die child;
  if (dwarf_child(&type, &child) != 0) return members;
  do {
    if (dwarf_tag(&child) != DW_TAG_member || name_of(&child).empty()) continue;
    Dwarf_Attribute attribute;
    Dwarf_Word at = 0;
    if (dwarf_attr(&child, DW_AT_data_member_location, &attribute)) dwarf_formudata(&attribute, &at);
    std::vector<Found> locks;
    if (const auto inner = type_of(&child)) locks_within(*inner, at, 0, locks);
    for (const Found& lock : locks) {
      members.push_back({std::string(name_of(&type)), std::string(name_of(&child)), lock.offset, lock.kind,
                         lock.offset == 0 && lock.bytes == dwarf_bytesize(&type)});
    }
  } while (dwarf_siblingof(&child, &child) == 0);
  return members;
}

std::string hexadecimal(const unsigned char* bytes, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    const char* const digits = "0123456789abcdef";
    out += {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
  }
  return out;
}

struct EndDwfl {
  void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
};

}  // namespace

struct LockMembers::State {
  struct File {
    std::unique_ptr<Dwfl, EndDwfl> dwfl;
    Dwfl_Module* module = nullptr;
  };
  std::map<std::pair<std::string, std::string>, File> files;

  File& open(const std::string& path, const std::string& build_id);
};

LockMembers::State::File& LockMembers::State::open(const std::string& path, const std::string& build_id) {
  static const Dwfl_Callbacks kCallbacks = {nullptr, dwfl_standard_find_debuginfo, dwfl_offline_section_address, nullptr};
  const auto [at, fresh] = files.try_emplace({path, build_id});
  File& file = at->second;
  if (!fresh) return file;
  ::unsetenv("DEBUGINFOD_URLS");  // else libdw asks the network for what is not on disk
  file.dwfl.reset(dwfl_begin(&kCallbacks));
  if (!file.dwfl) return file;
  dwfl_report_begin(file.dwfl.get());
  Dwfl_Module* const module = dwfl_report_offline(file.dwfl.get(), path.c_str(), path.c_str(), -1);
  dwfl_report_end(file.dwfl.get(), nullptr, nullptr);
  if (!module) return file;
  const unsigned char* bits = nullptr;
  GElf_Addr address = 0;
  const int count = dwfl_module_build_id(module, &bits, &address);
  if (!build_id.empty() && (count <= 0 || hexadecimal(bits, count) != build_id)) return file;
  file.module = module;
  return file;
}

LockMembers::LockMembers() : state_(std::make_unique<State>()) {}
LockMembers::~LockMembers() = default;

std::vector<LockMember> LockMembers::of_function(const std::string& path, const std::string& build_id, std::uint64_t offset,
                                                 std::string_view function) {
  const State::File& file = state_->open(path, build_id);
  if (!file.module) return {};
  Dwarf_Addr bias = 0;
  Dwarf* const dwarf = dwfl_module_getdwarf(file.module, &bias);
  Dwarf_Die unit;
  if (!dwarf || !dwarf_addrdie(dwarf, offset, &unit)) return {};
  std::vector<LockMember> members;
  for (Dwarf_Die& scope : scopes_around(unit, offset)) {
    const int tag = dwarf_tag(&scope);
    if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine) continue;
    Dwarf_Die declaration = declaration_of(scope);
    if (name_of(&declaration) != function) continue;
    if (const auto type = class_of(declaration)) members = members_of(*type);
    if (!members.empty()) break;
  }
  return members;
}

}  // namespace tailback::analyze
