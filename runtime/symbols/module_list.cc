#include "runtime/symbols/module_list.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <unistd.h>

namespace tailback {
namespace {

// Notes: name size, description size, type, then both, each padded to 4 bytes. The build id's name is "GNU".
std::string build_id(const dl_phdr_info& info, const ElfW(Phdr)& segment) {
  const auto* at = reinterpret_cast<const unsigned char*>(info.dlpi_addr + segment.p_vaddr);
  const unsigned char* end = at + segment.p_memsz;
  while (static_cast<std::size_t>(end - at) >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    at += sizeof note;
    const std::size_t name = (note.n_namesz + 3u) & ~3u, description = (note.n_descsz + 3u) & ~3u;
    if (name > static_cast<std::size_t>(end - at) || description > static_cast<std::size_t>(end - at) - name) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(at, "GNU", 4) == 0) {
      static const char* const digits = "0123456789abcdef";
      std::string text;
      for (std::size_t i = 0; i < note.n_descsz; ++i) {
        text += digits[at[name + i] >> 4];
        text += digits[at[name + i] & 15];
      }
      return text;
    }
    at += name + description;
  }
  return {};
}

std::string executable_path() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string("(executable)");
}

int add_module(dl_phdr_info* info, std::size_t, void* out) {
  auto& modules = *static_cast<std::vector<Module>*>(out);
  Module module;
  module.base = info->dlpi_addr;
  module.begin = ~std::uint64_t{0};
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD) {
      module.begin = std::min<std::uint64_t>(module.begin, info->dlpi_addr + segment.p_vaddr);
      module.end = std::max<std::uint64_t>(module.end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    } else if (segment.p_type == PT_NOTE && module.build_id.empty()) {
      module.build_id = build_id(*info, segment);
    }
  }
  if (module.end == 0) return 0;
  const bool named = info->dlpi_name != nullptr && info->dlpi_name[0] != 0;
  module.path = named ? info->dlpi_name : modules.empty() ? executable_path() : "(unnamed)";
  modules.push_back(std::move(module));
  return 0;
}

}  // namespace

std::vector<Module> list_modules() {
  std::vector<Module> modules;
  ::dl_iterate_phdr(&add_module, &modules);
  return modules;
}

const Module* find_module(const std::vector<Module>& modules, std::uint64_t address) {
  for (const Module& module : modules) {
    if (address >= module.begin && address < module.end) return &module;
  }
  return nullptr;
}

}  // namespace tailback
