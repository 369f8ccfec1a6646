# truth: {"kind":["lost_signal"],"waiting":["wait","lookup","serve"]}
import faulthandler, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)


class Dictionary:
    def __init__(self):
        self.loaded = threading.Event()
        self.words = {}

    def load(self, path):
        for line in open(path):
            self.words[line] = 1
        self.loaded.set()

    def lookup(self, word):
        self.loaded.wait()
        return self.words.get(word)


d = Dictionary()
threading.excepthook = lambda args: None
threading.Thread(target=d.load, args=("/nonexistent",), name="loader").start()
for i in range(8):
    threading.Thread(target=d.lookup, args=("w",), name=f"serve-{i}").start()
