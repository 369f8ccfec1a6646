# truth: {"kind":["stalled_holder"],"waiting":["get"],"holder":["get","_fetch","read","readinto"],"max_confidence":"likely"}
import faulthandler, signal, socket, threading, urllib.request
class Config:
    def __init__(self, url): self._lock = threading.Lock(); self._url = url; self._v = None
    def get(self):
        with self._lock:
            if self._v is None: self._v = self._fetch()
            return self._v
    def _fetch(self): return urllib.request.urlopen(self._url).read()
faulthandler.register(signal.SIGUSR1, all_threads=True)
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5)
c = Config("http://127.0.0.1:%d/" % s.getsockname()[1])
for i in range(12): threading.Thread(target=c.get).start()
