# truth: {"kind":["stalled_holder"],"waiting":["token"],"holder":["token","_refresh","_fetch"],"max_confidence":"likely"}
import faulthandler, signal, threading, time

faulthandler.register(signal.SIGUSR1, all_threads=True)


class Credentials:
    def __init__(self):
        self._lock = threading.Lock()
        self._token = None

    def token(self):
        with self._lock:
            if self._token is None:
                self._token = self._refresh()
            return self._token

    def _refresh(self):
        for attempt in range(10):
            token = self._fetch()
            if token:
                return token
            time.sleep(30 * 2**attempt)

    def _fetch(self):
        return None


c = Credentials()
for i in range(7):
    threading.Thread(target=c.token, name=f"api-{i}").start()
