# truth: {"kind":["none"],"no_deadlock":true}
import faulthandler, http.server, signal, threading, urllib.request

faulthandler.register(signal.SIGUSR1, all_threads=True)
lock = threading.Lock()
hits = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with lock:
            hits[self.path] = hits.get(self.path, 0) + 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def client(n):
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/{n}").read()
        except OSError:
            pass


for i in range(5):
    threading.Thread(target=client, args=(i,), daemon=True).start()
server.serve_forever()
