# truth: {"kind":["deadlock_cycle"],"waiting":["reserve","charge"],"holder":["place","refund"],"max_confidence":"likely"}
import faulthandler
import signal
import threading
import time

faulthandler.register(signal.SIGUSR1, all_threads=True)


class Stock:
    def __init__(self):
        self._lock = threading.Lock()
        self.billing = None
        self.items = {}

    def reserve(self, item):
        self._lock.acquire()
        try:
            self.items[item] = self.items.get(item, 0) + 1
        finally:
            self._lock.release()

    def place(self, item):
        self._lock.acquire()
        try:
            time.sleep(0.1)
            self.billing.charge(item)
        finally:
            self._lock.release()


class Billing:
    def __init__(self, stock):
        self._mutex = threading.Lock()
        self.stock = stock
        self.total = 0

    def charge(self, item):
        self._mutex.acquire()
        try:
            self.total += 1
        finally:
            self._mutex.release()

    def refund(self, item):
        self._mutex.acquire()
        try:
            time.sleep(0.1)
            self.stock.reserve(item)
        finally:
            self._mutex.release()


if __name__ == "__main__":
    stock = Stock()
    stock.billing = Billing(stock)
    threading.Thread(target=stock.place, args=("a",), name="http-1").start()
    threading.Thread(target=stock.billing.refund, args=("a",), name="http-2").start()
