// How to embed the recorder: one include and one line; the rest is the service.
#include <tailback/recorder.h>

#include <chrono>
#include <thread>

int main() {
  // TAILBACK_FILE and the other variables override what stands here; TAILBACK_DISABLE=1 turns it off.
  const tailback::Recorder recorder = tailback::record({.file = "/tmp/quickstart-%p.tailback"});

  // A metric of the service's own: in every sample, and a word for triggers (TAILBACK_TRIGGERS="queue_depth > 500 for 10s").
  const tailback::Gauge depth = tailback::gauge("queue_depth");
  for (int second = 0; second < 3; ++second) {
    depth.set(second * 10);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}  // the recording is ended here, in two seconds at most
