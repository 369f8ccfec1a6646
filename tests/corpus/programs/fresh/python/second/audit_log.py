# truth: {"kind":["deadlock_cycle"],"waiting":["acquire","handle","emit","snapshot","add"],"holder":["add","emit","handle","acquire"],"max_confidence":"likely"}
import faulthandler, logging, signal, threading, time

faulthandler.register(signal.SIGUSR1, all_threads=True)
log = logging.getLogger("ledger")


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []

    def add(self, amount):
        with self.lock:
            self.entries.append(amount)
            time.sleep(0.05)
            log.warning("added %s", amount)

    def snapshot(self):
        with self.lock:
            return list(self.entries)


class LedgerHandler(logging.Handler):
    def __init__(self, ledger):
        super().__init__()
        self.ledger = ledger

    def emit(self, record):
        time.sleep(0.02)
        record.entries = len(self.ledger.snapshot())


ledger = Ledger()
log.addHandler(LedgerHandler(ledger))
threading.Thread(target=ledger.add, args=(5,), name="api").start()
time.sleep(0.01)
threading.Thread(target=lambda: [log.warning("tick") for _ in range(100)], name="ticker").start()
threading.Thread(target=lambda: [log.warning("tock") for _ in range(100)], name="tocker").start()
