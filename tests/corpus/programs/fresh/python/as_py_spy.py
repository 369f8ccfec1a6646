"""Runs a program and, a second later, writes what `py-spy dump` (and with --json `py-spy dump --json`) would print of it, for places that have no py-spy.

    as_py_spy.py OUT.txt OUT.json PROGRAM

The format is py-spy's (dump.rs, stack_trace.rs of 0.4): a file name begins at the outermost package; "idle" is a thread that the system does not run.
"""
import json, os, runpy, sys, threading, time

HIDDEN = (__file__, runpy.__file__, "<frozen runpy>")


def short(path):
    parts = [os.path.basename(path)]
    folder = os.path.dirname(path)
    while folder and os.path.exists(os.path.join(folder, "__init__.py")):
        parts.insert(0, os.path.basename(folder))
        folder = os.path.dirname(folder)
    return "/".join(parts)


def runs(native):
    try:
        with open(f"/proc/self/task/{native}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "R"
    except OSError:
        return False


def write(text, structured, program, hidden):
    time.sleep(1)
    threads = {t.ident: t for t in threading.enumerate()}
    stacks = []
    for ident, frame in sys._current_frames().items():
        thread = threads.get(ident)
        if ident == threading.get_ident() or thread is None:
            continue
        frames = []
        while frame:
            code = frame.f_code
            if code.co_filename not in hidden:
                frames.append({"name": code.co_name, "filename": code.co_filename, "module": None, "short_filename": short(code.co_filename), "line": frame.f_lineno, "locals": None})
            frame = frame.f_back
        stacks.append({"pid": os.getpid(), "thread_id": ident, "thread_name": thread.name, "os_thread_id": thread.native_id, "active": runs(thread.native_id),
                       "owns_gil": False, "frames": frames, "process_info": None})
    with open(text, "w") as out:
        out.write(f"Process {os.getpid()}: python3 {program}\nPython v{sys.version.split()[0]} ({sys.executable})\n\n")
        for stack in stacks:
            out.write(f"Thread {stack['os_thread_id']} ({'active' if stack['active'] else 'idle'}): \"{stack['thread_name']}\"\n")
            for f in stack["frames"]:
                out.write(f"    {f['name']} ({f['short_filename']}:{f['line']})\n")
    with open(structured, "w") as out:
        json.dump(stacks, out, indent=2)


if __name__ == "__main__":
    out_text, out_json, path = sys.argv[1:]
    sys.argv = [path]
    threading.Thread(target=write, args=(out_text, out_json, path, HIDDEN), name="as_py_spy", daemon=True).start()
    runpy.run_path(path, run_name="__main__")
