#include <tailback/task_scope.h>

#include <cstring>

#include "runtime/locks/thread_table.h"

namespace tailback {

static_assert(locks::kLabelBytes == 40, "task_scope keeps a label");

task_scope::task_scope(std::string_view label) noexcept {
  before_[0] = '\0';
  locks::ThreadSlot* thread = locks::this_thread();
  if (thread == nullptr) return;
  (void)locks::read_label(thread, before_);  // the thread's own, so it is not being written
  locks::set_label(thread, label.data(), label.size());
}

task_scope::~task_scope() {
  if (locks::ThreadSlot* thread = locks::this_thread()) locks::set_label(thread, before_, std::strlen(before_));
}

}  // namespace tailback
