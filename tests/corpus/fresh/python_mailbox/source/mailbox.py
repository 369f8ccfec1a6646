# truth: {"kind":["lost_signal"],"waiting":["wait","take","offer"]}
import collections, faulthandler, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)


class Mailbox:
    def __init__(self):
        self.items = collections.deque()
        self.changed = threading.Condition()

    def offer(self, item):
        with self.changed:
            while len(self.items) >= 1:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify()

    def take(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.popleft()
            self.changed.notify()
            return item


m = Mailbox()


def produce():
    while True:
        m.offer(1)


def consume():
    while True:
        m.take()


for i in range(6):
    threading.Thread(target=produce, name=f"produce-{i}").start()
    threading.Thread(target=consume, name=f"consume-{i}").start()
