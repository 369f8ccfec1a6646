# truth: {"kind":["none"],"no_deadlock":true}
import faulthandler, hashlib, queue, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)
blocks = queue.Queue(maxsize=8)


def read(n):
    while True:
        blocks.put(bytes(200000))


def digest():
    h = 0
    while True:
        block = blocks.get()
        for i in range(0, len(block), 64):
            h ^= block[i]
        hashlib.sha256(block).hexdigest()


for i in range(5):
    threading.Thread(target=read, args=(i,), name=f"read-{i}").start()
threading.Thread(target=digest, name="digest").start()
