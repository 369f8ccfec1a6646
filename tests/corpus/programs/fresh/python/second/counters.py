# truth: {"kind":["recursive_lock"],"waiting":["value"],"holder":["report","total"],"max_confidence":"likely"}
import faulthandler, signal, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)
_lock = threading.Lock()
_values = {"a": 1, "b": 2}


def value(name):
    with _lock:
        return _values[name]


def total():
    return sum(value(name) for name in list(_values))


def report():
    with _lock:
        text = ", ".join(_values)
        return f"{text}: {total()}"


for i in range(3):
    threading.Thread(target=report, name=f"report-{i}").start()
