# SPDX-License-Identifier: MIT
"""What figures were measured on: without it they say nothing."""
import os
import pathlib
import platform
import re
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def _first(command):
    done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else "unknown"


def describe():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
    return {
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gib": round(memory / 2**20, 1),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "compiler": _first(["gcc", "--version"]),
        "commit": _first(["git", "describe", "--always", "--dirty"]),
        "load": round(os.getloadavg()[0], 1),
    }


def hardware(machine):
    return (f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gib']} GiB; Linux {machine['kernel']}, "
            f"{machine['libc']}, {machine['compiler']}")


def text(machine):
    return f"{hardware(machine)}; commit {machine['commit']}; load {machine['load']} at the start"
