# truth: {"kind":["deadlock_cycle"],"waiting":["deposit","notify"],"holder":["transfer","broadcast","notify","deposit"],"max_confidence":"likely"}
import faulthandler, signal, threading, time
class Account:
    def __init__(self, bank): self.lock = threading.Lock(); self.bank = bank; self.n = 0
    def deposit(self, n):
        with self.lock: self.n += n
    def transfer(self, n):
        with self.lock:
            time.sleep(.05)
            self.bank.notify(n)
class Bank:
    def __init__(self): self.lock = threading.Lock(); self.accounts = []
    def notify(self, n):
        with self.lock: pass
    def broadcast(self):
        with self.lock:
            time.sleep(.05)
            for a in self.accounts: a.deposit(1)
faulthandler.register(signal.SIGUSR1, all_threads=True)
b = Bank(); a = Account(b); b.accounts.append(a)
threading.Thread(target=a.transfer, args=(1,)).start()
threading.Thread(target=b.broadcast).start()
