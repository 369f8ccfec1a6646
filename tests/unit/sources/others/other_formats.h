// The formats that are not Go's: what the tests and fuzz targets of these readers go through.
#pragma once

#include <string_view>
#include <vector>

#include "replay/sources/eu_stack.h"
#include "replay/sources/gdb.h"
#include "replay/sources/grouped.h"
#include "replay/sources/java_json.h"
#include "replay/sources/javacore.h"
#include "replay/sources/jstack.h"
#include "replay/sources/kernel_log.h"
#include "replay/sources/prometheus_input.h"
#include "replay/sources/pt_pmp.h"
#include "replay/sources/py_spy.h"
#include "replay/sources/python.h"

namespace tailback::replay {

inline const std::vector<const Format*>& other_formats() {
  static const std::vector<const Format*> formats = {
      &gdb_format(),           &eu_stack_format(),    &pt_pmp_format(),      &jstack_format(),          &java_json_format(),
      &javacore_format(),      &faulthandler_format(), &py_spy_format(),     &py_spy_json_format(),     &prometheus_json_format(),
      &prometheus_text_format(), &panicparse_format(), &grouped_goroutines_format(), &kernel_log_format()};
  return formats;
}

inline const Format* find_format(std::string_view name) {
  for (const Format* format : other_formats()) {
    if (format->name == name) return format;
  }
  return nullptr;
}

}  // namespace tailback::replay
