# truth: {"kind":["channel_deadlock","deadlock_cycle","stalled_holder","lost_signal"],"waiting":["emit","done"],"holder":["emit"],"max_confidence":"likely"}
import faulthandler, queue, signal, threading
class Bus:
    def __init__(self): self.lock = threading.Lock(); self.q = queue.Queue(4); self.live = set()
    def emit(self, x):
        with self.lock:
            self.live.add(x); self.q.put(x)
    def done(self, x):
        with self.lock: self.live.discard(x)
    def loop(self):
        while True: self.done(self.q.get())
faulthandler.register(signal.SIGUSR1, all_threads=True)
b = Bus(); threading.Thread(target=b.loop).start()
def prod(k):
    i = 0
    while True: b.emit((k, i)); i += 1
for k in range(5): threading.Thread(target=prod, args=(k,)).start()
