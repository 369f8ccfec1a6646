# truth: {"kind":["deadlock_cycle","stalled_holder","lost_signal"],"waiting":["acquire","join","load","warm"],"max_confidence":"likely"}
import faulthandler, os, signal, sys, tempfile, threading

faulthandler.register(signal.SIGUSR1, all_threads=True)
folder = tempfile.mkdtemp()
with open(os.path.join(folder, "heavy_plugin.py"), "w") as f:
    f.write("import threading\n\ndef warm():\n    import heavy_plugin\n    return heavy_plugin.TABLE\n\nt = threading.Thread(target=warm, name='warm')\nt.start()\nt.join()\nTABLE = {}\n")
sys.path.insert(0, folder)


def load(name):
    return __import__(name)


threading.Thread(target=load, args=("heavy_plugin",), name="plugin-loader").start()
for i in range(3):
    threading.Thread(target=load, args=("heavy_plugin",), name=f"http-{i}").start()
