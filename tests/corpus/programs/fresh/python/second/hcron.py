# truth: {"kind":["none"],"no_deadlock":true}
import faulthandler, queue, sched, signal, threading, time

faulthandler.register(signal.SIGUSR1, all_threads=True)
jobs = queue.Queue()
stop = threading.Event()
state = threading.Lock()
done = 0


def worker():
    global done
    while True:
        job = jobs.get()
        with state:
            done += job
        jobs.task_done()


def heartbeat():
    while not stop.wait(timeout=0.5):
        with state:
            print(done, flush=True)


for i in range(6):
    threading.Thread(target=worker, name=f"worker-{i}", daemon=True).start()
threading.Thread(target=heartbeat, name="heartbeat", daemon=True).start()
s = sched.scheduler(time.monotonic, time.sleep)


def tick():
    jobs.put(1)
    s.enter(0.2, 1, tick)


tick()
s.run()
