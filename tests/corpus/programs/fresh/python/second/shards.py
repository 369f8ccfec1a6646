# truth: {"kind":["deadlock_cycle"],"waiting":["transfer","merge"],"holder":["transfer","merge"],"max_confidence":"likely"}
import faulthandler, signal, threading, time

faulthandler.register(signal.SIGUSR1, all_threads=True)
users_lock = threading.Lock()
orders_lock = threading.Lock()


def transfer():
    with users_lock:
        time.sleep(0.05)
        with orders_lock:
            pass


def merge():
    with orders_lock:
        time.sleep(0.05)
        with users_lock:
            pass


threading.Thread(target=transfer, name="transfer").start()
threading.Thread(target=merge, name="merge").start()
time.sleep(0.2)
for i in range(3):
    threading.Thread(target=merge, name=f"merge-{i}").start()
