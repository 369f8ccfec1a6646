# truth: {"kind":["deadlock_cycle","lost_signal"],"waiting":["join","stop","run"],"max_confidence":"likely","unsure":true}
import faulthandler, signal, threading, time

faulthandler.register(signal.SIGUSR1, all_threads=True)


class Service(threading.Thread):
    def __init__(self, name):
        super().__init__(name=name)
        self.peer = None

    def run(self):
        time.sleep(0.1)
        self.stop()

    def stop(self):
        self.peer.join()


a, b = Service("reader"), Service("writer")
a.peer, b.peer = b, a
a.start()
b.start()
