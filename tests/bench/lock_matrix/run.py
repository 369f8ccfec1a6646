#!/usr/bin/env python3
"""Runs ThreadSanitizer, Helgrind and DRD on the twelve programs and tailback on their scenarios, and writes the comparison.

    run.py --tailback build/release/bin/tailback [--out TABLE.md]

A tool reports (R) when it says anything of a lock order, a deadlock or an inversion; - when it is silent. `truth` is of the policy that the programs' locks have,
prefer-writers. A tool that is not installed gets an empty column, said so below the table.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent.parent / "corpus" / "locks"
CASES = ["rr", "rr1", "abba", "abc", "gate", "single", "forkjoin", "rdrd", "rdrdw", "wrrd", "rdmu", "rdmuw"]


def version(command):
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]


def build(folder, compiler, flags, name):
    binary = folder / name
    subprocess.run([compiler, "-std=c++20", "-O1", "-g", "-pthread", *flags, str(HERE / "programs.cc"), "-o", str(binary)], check=True)
    return binary


def reports(command, pattern, environment=None):
    """True: reported; None: the program failed or hung, so nothing is known."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **(environment or {})})
    except subprocess.TimeoutExpired:
        return None
    text = done.stdout + done.stderr
    found = re.search(pattern, text) is not None
    return None if not found and done.returncode not in (0, 66) else found


def tailback_reports(program, case):
    done = subprocess.run([program, "replay", "locks", "predict", str(CORPUS / f"{case}.locks"), "--format", "json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{program}: {done.stderr.strip()}")
    return bool(json.loads(done.stdout)["deadlocks"])


def columns(arguments, folder):
    """(title, version, case → verdict) of every tool that is there."""
    if shutil.which("g++"):
        binary = build(folder, "g++", ["-fsanitize=thread"], "tsan-gcc")
        yield "TSan gcc", version(["g++", "--version"]), lambda case: reports([str(binary), case], "lock-order-inversion", {"TSAN_OPTIONS": "detect_deadlocks=1 second_deadlock_stack=1"})
    if shutil.which("clang++"):
        clang = build(folder, "clang++", ["-fsanitize=thread"], "tsan-clang")
        yield "TSan clang", version(["clang++", "--version"]), lambda case: reports([str(clang), case], "lock-order-inversion", {"TSAN_OPTIONS": "detect_deadlocks=1"})
    if shutil.which("valgrind"):
        plain = build(folder, "g++", [], "plain")
        valgrind = version(["valgrind", "--version"])
        yield "Helgrind", valgrind, lambda case: reports(["valgrind", "--tool=helgrind", str(plain), case], "lock order .* violated")
        yield "DRD", valgrind, lambda case: reports(["valgrind", "--tool=drd", str(plain), case], r"(?i)deadlock|lock order|ERROR SUMMARY: [1-9]")
    yield "tailback", "", lambda case: tailback_reports(arguments.tailback, case)


def word(verdict):
    return "?" if verdict is None else "R" if verdict else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tailback", required=True)
    parser.add_argument("--out", default=str(HERE / "TABLE.md"))
    arguments = parser.parse_args()
    truths = {case: json.loads((CORPUS / f"{case}.truth.json").read_text()) for case in CASES}
    with tempfile.TemporaryDirectory() as name:
        tools = [(title, about, {case: verdict(case) for case in CASES}) for title, about, verdict in columns(arguments, pathlib.Path(name))]
    lines = ["# What each tool says of the twelve programs", "", "Written by `run.py` beside this file. R: reports; -: silent; ?: failed or hung.", ""]
    lines.append("| case | what | can deadlock | " + " | ".join(title for title, _, _ in tools) + " |")
    lines.append("| --- | --- | --- |" + " --- |" * len(tools))
    for case in CASES:
        truth = truths[case]["deadlock"]["prefer-writers"]
        cells = []
        for _, _, verdicts in tools:
            wrong = verdicts[case] is not None and verdicts[case] != truth
            cells.append(f"**{word(verdicts[case])}**" if wrong else word(verdicts[case]))
        lines.append(f"| {case} | {truths[case]['what']} | {'yes' if truth else 'no'} | " + " | ".join(cells) + " |")
    right = [sum(verdicts[case] == truths[case]["deadlock"]["prefer-writers"] for case in CASES) for _, _, verdicts in tools]
    lines.append("| right of 12 | | | " + " | ".join(str(count) for count in right) + " |")
    lines += ["", "Wrong ones are bold. " + "; ".join(f"{title}: {about}" for title, about, _ in tools if about) + ".", ""]
    pathlib.Path(arguments.out).write_text("\n".join(lines))
    print("\n".join(lines))
    return 0 if right[-1] == len(CASES) else 1


if __name__ == "__main__":
    sys.exit(main())
