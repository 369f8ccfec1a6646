# truth: {"kind":["pool_exhaustion"],"waiting":["result","crawl"]}
import concurrent.futures as cf, faulthandler, signal, threading
ex = cf.ThreadPoolExecutor(4)
def crawl(d):
    if d == 0: return 1
    fs = [ex.submit(crawl, d - 1) for _ in range(3)]
    return sum(f.result() for f in fs)
faulthandler.register(signal.SIGUSR1, all_threads=True)
[ex.submit(crawl, 3) for _ in range(4)][0].result()
