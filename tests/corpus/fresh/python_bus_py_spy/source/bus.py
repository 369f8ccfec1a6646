# truth: {"kind":["deadlock_cycle"],"waiting":["unsubscribe","on_event"],"holder":["publish","close"],"max_confidence":"likely"}
import faulthandler, signal, threading, time
from typing import Callable, List

faulthandler.register(signal.SIGUSR1, all_threads=True)


class EventBus:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.listeners: List[Callable] = []

    def subscribe(self, fn: Callable) -> None:
        with self.lock:
            self.listeners.append(fn)

    def unsubscribe(self, fn: Callable) -> None:
        with self.lock:
            self.listeners.remove(fn)

    def publish(self, event: str) -> None:
        with self.lock:
            for fn in list(self.listeners):
                fn(event)


class Cache:
    def __init__(self, bus: EventBus) -> None:
        self.guard = threading.RLock()
        self.bus = bus
        self.data = {}
        bus.subscribe(self.on_event)

    def on_event(self, event: str) -> None:
        with self.guard:
            self.data.pop(event, None)

    def close(self) -> None:
        with self.guard:
            time.sleep(0.05)
            self.bus.unsubscribe(self.on_event)


bus = EventBus()
cache = Cache(bus)
threading.Thread(target=cache.close, name="closer").start()


def feed():
    while True:
        bus.publish("x")


threading.Thread(target=feed, name="feed").start()
