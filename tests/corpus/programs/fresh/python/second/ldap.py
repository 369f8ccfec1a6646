# truth: {"kind":["stalled_holder"],"waiting":["lookup"],"holder":["lookup","_ask","readline","recv"],"max_confidence":"likely"}
import faulthandler, signal, socket, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)
server = socket.create_server(("127.0.0.1", 0))


class Directory:
    lock = threading.RLock()

    def __init__(self):
        self.peer = socket.create_connection(server.getsockname())

    def lookup(self, user):
        with Directory.lock:
            return self._ask(user)

    def _ask(self, user):
        self.peer.sendall(user.encode() + b"\n")
        data = b""
        while not data.endswith(b"\n"):
            data += self.peer.recv(4096)
        return data


d = Directory()
for i in range(6):
    threading.Thread(target=d.lookup, args=(f"u{i}",), name=f"login-{i}").start()
