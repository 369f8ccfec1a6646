# truth: {"kind":["channel_deadlock","deadlock_cycle","lost_signal"],"waiting":["put","push","answer"],"max_confidence":"likely"}
import faulthandler, queue, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)
requests, answers = queue.Queue(4), queue.Queue(4)


def push():
    n = 0
    while True:
        for _ in range(12):
            requests.put(n)
            n += 1
        for _ in range(12):
            answers.get()


def answer():
    while True:
        n = requests.get()
        answers.put(n)
        answers.put(-n)


threading.Thread(target=push, name="gateway").start()
threading.Thread(target=answer, name="backend").start()
