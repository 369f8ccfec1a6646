# truth: {"kind":["recursive_lock"],"waiting":["size"],"holder":["snapshot"],"max_confidence":"likely"}
import faulthandler, signal, threading, time
class Registry:
    def __init__(self): self._lock = threading.Lock(); self._d = {}
    def size(self):
        with self._lock: return len(self._d)
    def snapshot(self):
        with self._lock: return [self.size(), dict(self._d)]
    def add(self, k):
        with self._lock: self._d[k] = 1
faulthandler.register(signal.SIGUSR1, all_threads=True)
r = Registry()
threading.Thread(target=r.snapshot).start(); time.sleep(.1)
for i in range(8): threading.Thread(target=r.add, args=(i,)).start()
