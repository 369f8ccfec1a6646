# truth: {"kind":["lost_signal"],"waiting":["wait_open","wait"]}
import faulthandler, signal, threading, time
class Gate:
    def __init__(self): self.c = threading.Condition(); self.open = False
    def wait_open(self):
        with self.c:
            while not self.open: self.c.wait()
faulthandler.register(signal.SIGUSR1, all_threads=True)
g = Gate(); ts = [threading.Thread(target=g.wait_open) for _ in range(9)]
[t.start() for t in ts]; [t.join() for t in ts]
