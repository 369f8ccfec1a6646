# truth: {"kind":["pool_exhaustion","lost_signal"],"waiting":["acquire","connection","query"],"holder_unknown":true}
import faulthandler, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)


class Pool:
    def __init__(self, size):
        self._slots = threading.BoundedSemaphore(size)

    def connection(self):
        self._slots.acquire()
        return object()

    def give_back(self, connection):
        self._slots.release()


pool = Pool(4)


def query(n):
    connection = pool.connection()
    if n % 2:
        raise ValueError("bad row")
    pool.give_back(connection)


def worker(n):
    for i in range(20):
        try:
            query(n + i)
        except ValueError:
            pass


for i in range(10):
    threading.Thread(target=worker, args=(i,), name=f"worker-{i}").start()
