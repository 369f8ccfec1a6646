// The registry: one line a format.
#include "replay/sources/eu_stack.h"
#include "replay/sources/gdb.h"
#include "replay/sources/go_log.h"
#include "replay/sources/go_pprof.h"
#include "replay/sources/go_profile.h"
#include "replay/sources/grouped.h"
#include "replay/sources/java_json.h"
#include "replay/sources/javacore.h"
#include "replay/sources/jstack.h"
#include "replay/sources/kernel_log.h"
#include "replay/sources/prometheus_input.h"
#include "replay/sources/pt_pmp.h"
#include "replay/sources/py_spy.h"
#include "replay/sources/python.h"
#include "replay/sources/source.h"

namespace tailback::replay {

const std::vector<Format>& formats() {
  static const std::vector<Format> kFormats = {
      go_log_format(),
      go_profile_format(),
      go_pprof_format(),
      eu_stack_format(),
      gdb_format(),
      panicparse_format(),
      grouped_goroutines_format(),
      java_json_format(),
      javacore_format(),
      jstack_format(),
      kernel_log_format(),
      prometheus_json_format(),
      prometheus_text_format(),
      pt_pmp_format(),
      faulthandler_format(),
      py_spy_format(),
      py_spy_json_format(),
  };
  return kFormats;
}

}  // namespace tailback::replay
