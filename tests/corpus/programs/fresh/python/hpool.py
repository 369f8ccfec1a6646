# truth: {"kind":["none"]}
import concurrent.futures as cf, faulthandler, queue, signal, socketserver, threading, http.server, time, sched
faulthandler.register(signal.SIGUSR1, all_threads=True)
ex = cf.ThreadPoolExecutor(8); [ex.submit(time.sleep, .01) for _ in range(20)]
q = queue.Queue()
def consume():
    while True: q.get()
for i in range(4): threading.Thread(target=consume, daemon=True).start()
ev = threading.Event()
threading.Thread(target=ev.wait, daemon=True).start()
threading.Timer(1000, print).start()
http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler).serve_forever()
