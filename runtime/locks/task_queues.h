// The queues of work that the service has registered, for the sampler.
#pragma once

namespace tailback::locks {

/// Sets the gauges of all queues to what they are now. Takes no lock and allocates nothing.
void publish_task_queues() noexcept;

}  // namespace tailback::locks
