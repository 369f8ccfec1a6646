# truth: {"kind":["none"],"no_deadlock":true}
import faulthandler, signal, threading, time, collections, random
faulthandler.register(signal.SIGUSR1, all_threads=True)
lock = threading.Lock(); c = collections.Counter()
def work():
    while True:
        with lock: c[random.randrange(100)] += 1
        if random.random() < .01: time.sleep(.001)
ts = [threading.Thread(target=work) for _ in range(12)]; [t.start() for t in ts]; ts[0].join()
