# truth: {"kind":["none"],"no_deadlock":true}
import faulthandler, io, logging, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)
logging.basicConfig(stream=io.StringIO(), level=logging.INFO)
log = logging.getLogger("orders")


def order(n):
    k = 0
    while k < 10**7:
        log.info("order %s %s", n, k)
        k += 1


for i in range(8):
    threading.Thread(target=order, args=(i,), name=f"order-{i}").start()
