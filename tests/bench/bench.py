#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Times e4pack beside tar, cp, mke2fs, mkfs.erofs and a mounted copy.

The tools of a case take turns, so that what else the machine does falls on
all of them alike; what is not installed or not allowed is left out and named.
Inputs and results lie in one folder, a tmpfs by default, and nothing is
synced; the page cache is warm.  The cases disk-* write to a disk instead, and
their times end when all is on it.  Each case has a budget: a time as a ratio
to another tool's or in seconds, and a memory.  The table shows the best and
the median of each tool, how many times e4pack's best its own is, and its
greatest memory; where e4pack is over the budget the table says so, and the
exit status is 1.

"bare calls" is no tool: it asks the kernel for a tree as create does, and
writes the bytes, but does nothing itself (bare.c; "make tests/bench/bare").
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bench_inputs
from bench_chart import write_chart

MIB = 1 << 20
E4PACK = os.path.realpath(os.environ.get("E4PACK", "src/e4pack"))
BARE = os.path.realpath(os.environ.get("BARE", "tests/bench/bare"))


class Case:
    """What is measured: the input, the tools on it, and e4pack's budget.

    tools    name -> shell command; $in is the input, $out the result, which
             is not there before
    limit    (tool, ratio), or a number of seconds
    memory   bytes, or a function of the number of objects
    """

    def __init__(self, name, about, source, tools, limit, memory,
                 before=None, each=None, on_disk=False):
        self.name, self.about, self.source = name, about, source
        self.tools, self.limit, self.memory = tools, limit, memory
        self.before = before    # run once, before the first round
        self.each = each        # run before each turn, not timed
        self.on_disk = on_disk  # $out is on a disk


def by_object(n):
    return 64 * MIB + 300 * n


def create(source="$in", options="--no-sync"):
    return f'exec "$E4PACK" create -q {options} "$out" "{source}"'


MOUNTED = '''
truncate -s "$size" "$out" && mke2fs -q -F -t ext4 -m 0 -N "$inodes" "$out" &&
mkdir -p "$dir/mnt" && mount -o loop "$out" "$dir/mnt" &&
cp -a "$in/." "$dir/mnt" && umount "$dir/mnt"'''
PACKERS = {
    "e4pack": create(),
    "tar": 'exec tar -C "$in" -cf "$out" .',
    "mkfs.erofs": 'exec mkfs.erofs --quiet "$out" "$in"',
    "mke2fs -d": 'exec mke2fs -q -F -t ext4 -m 0 -N "$inodes" -d "$in" "$out"'
                 ' "$blocks"',
    "mounted copy": MOUNTED,
}
# What the kernel alone takes for many small files; see bare.c.
SMALL_FILES = {**PACKERS,
               "bare calls": 'exec "$BARE" "$(nproc)" "$in" "$out"'}
MANY_FILES = {k: SMALL_FILES[k] for k in ("e4pack", "tar", "bare calls")}
SPARSE_TAR = dict(PACKERS, tar='exec tar -S -C "$in" -cf "$out" .')
SPARSE_TAR["cp"] = 'exec cp -a --sparse=auto "$in" "$out"'
WITH_CP = dict(PACKERS, cp='exec cp -a "$in" "$out"')

IMAGE = '"$E4PACK" create -q --no-sync "$dir/image" "$in"'
ROOMY = '"$E4PACK" create -q --no-sync -s 4G "$dir/image" "$in"'
COPY_ONE = '''mkdir -p "$dir/mnt" && mount -o loop "$dir/image" "$dir/mnt" &&
cp "$dir/one/new-file" "$dir/mnt" && umount "$dir/mnt"'''
COPY_OUT = '''mkdir -p "$dir/mnt" &&
mount -o loop,ro "$dir/image" "$dir/mnt" && cp -a "$dir/mnt/." "$out" &&
umount "$dir/mnt"'''


def disk(name, about, memory):
    """The case of an input whose result is to be on disk at the end."""
    return Case("disk-" + name, about + ", synced to a disk", name,
                {"e4pack": create(options=""),
                 "tar, sync": 'tar -C "$in" -cf "$out" . && sync "$out"'},
                ("tar, sync", 1.1), memory, each='sync -f "$(dirname "$out")"',
                on_disk=True)


CASES = [
    Case("debian", "a Debian system", "debian", SMALL_FILES,
         ("tar", 0.6), by_object),
    Case("small", "200,000 small files", "small", SMALL_FILES,
         ("tar", 0.6), by_object),
    Case("names", "100,000 names in a folder", "names",
         {k: v for k, v in SMALL_FILES.items() if k != "mke2fs -d"},
         ("tar", 0.6), by_object),
    Case("big", "2 files of 1 GiB", "big", WITH_CP, ("cp", 0.8), 64 * MIB),
    Case("sparse", "10 GiB with 100 MiB of data", "sparse", SPARSE_TAR,
         ("tar", 1.0), 64 * MIB),
    Case("tarball", "the Debian system as plain tar", "debian",
         {"e4pack": create("$dir/source.tar"),
          "cp": 'exec cp "$dir/source.tar" "$out"'},
         ("cp", 1.0), by_object,
         before='tar --sort=name -C "$in" -cf "$dir/source.tar" .'),
    disk("debian", "a Debian system", by_object),
    disk("small", "200,000 small files", by_object),
    disk("big", "2 files of 1 GiB", 64 * MIB),
    Case("kibs", "200,000 files of 1 KiB", "kibs", MANY_FILES, ("tar", 0.6),
         by_object),
    Case("million", "1,000,000 files of 1 KiB", "million",
         MANY_FILES, ("kibs", 5.5), lambda n: 300 * n),
    Case("holes", "100,000 times data and hole", "holes",
         {"e4pack": create(), "cp": 'exec cp -a "$in" "$out"'}, 0.5,
         64 * MIB),
    Case("add", "a file of 4 KiB into 4 GiB", "small",
         {"e4pack": 'exec "$E4PACK" add -q "$dir/image" "$dir/one"',
          "debugfs": 'exec debugfs -w -R "write $dir/one/new-file new-file" '
                     '"$dir/image"',
          "mount, cp": COPY_ONE}, 0.005, 32 * MIB, before=ROOMY +
         ' && mkdir -p "$dir/one" && head -c 4096 /dev/urandom '
         '>"$dir/one/new-file"',
         each='debugfs -w -R "rm new-file" "$dir/image"'),
    Case("frag", "where the files lie", "small",
         {"e4pack": 'exec "$E4PACK" frag "$dir/image"',
          "debugfs": 'exec debugfs -R "filefrag -r /" "$dir/image"'},
         ("debugfs", 1.0), 64 * MIB, before=IMAGE),
    Case("verify", "whether the image is sound", "small",
         {"e4pack": 'exec "$E4PACK" verify -q "$dir/image"',
          "e2fsck": 'exec e2fsck -fn "$dir/image"'}, ("e2fsck", 1.0),
         128 * MIB, before=IMAGE),
    Case("extract", "all files out of the image", "small",
         {"e4pack": 'mkdir "$out" && exec "$E4PACK" extract -q "$dir/image" '
                    '-C "$out"',
          "mount, cp": 'mkdir "$out" && ' + COPY_OUT}, ("mount, cp", 1.0),
         128 * MIB, before=IMAGE),
]


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def run_timed(argv, env, log):
    """Run a program.  Return its seconds and its status."""
    actions = [(os.POSIX_SPAWN_DUP2, log.fileno(), 1),
               (os.POSIX_SPAWN_DUP2, log.fileno(), 2)]
    started = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    status = os.waitpid(pid, 0)[1]
    return time.perf_counter() - started, os.waitstatus_to_exitcode(status)


def measure_memory(argv, env, log):
    """Run a program.  Return its greatest memory in bytes and its status.  A
    child is first as large as its parent, so the parent is not this one."""
    note = f"{env['dir']}/memory"
    status = run_timed(["/usr/bin/time", "-f", "%M", "-o", note] + argv, env,
                       log)[1]
    with open(note, encoding="ascii") as text:
        return int(text.read().split()[-1]) * 1024, status


class Bench:
    def __init__(self, args):
        self.args = args
        self.dir = tempfile.mkdtemp(prefix="e4pack-bench.", dir=args.folder)
        self.disk = tempfile.mkdtemp(prefix="e4pack-bench.", dir=args.disk)
        self.objects = {}
        self.best = {}          # of e4pack, by case

    def close(self):
        subprocess.run(["umount", "-q", f"{self.dir}/mnt"], check=False,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir)
        shutil.rmtree(self.disk)

    def source(self, name):
        if name == "debian" and self.args.debian:
            path = os.path.realpath(self.args.debian)
        elif self.args.inputs:
            path = os.path.realpath(f"{self.args.inputs}/{name}")
        else:
            path = f"{self.dir}/in-{name}"
        if not os.path.isdir(path):
            for old in os.listdir(self.dir):
                if old.startswith("in-"):
                    remove(f"{self.dir}/{old}")
            getattr(bench_inputs, name)(path)
        if name not in self.objects:
            self.objects[name] = sum(len(d) + len(f) for _, d, f
                                     in os.walk(path))
        return path

    def environment(self, case):
        path = self.source(case.source)
        kib = int(subprocess.run(["du", "-sk", path], check=True,
                                 stdout=subprocess.PIPE).stdout.split()[0])
        n = self.objects[case.source]
        kib += kib // 4 + n * 5 + 65536
        out = (self.disk if case.on_disk else self.dir) + "/out"
        return dict(os.environ, E4PACK=E4PACK, BARE=BARE, dir=self.dir,
                    out=out, size=f"{kib}K", blocks=f"{kib}K",
                    inodes=str(n + 1000), **{"in": path})

    def turn(self, case, command, env, log, measure=run_timed):
        remove(env["out"])
        if case.each:
            subprocess.run(["sh", "-c", case.each], env=env, check=True,
                           stdout=log, stderr=log)
        result = measure(["/bin/sh", "-c", command], env, log)
        subprocess.run(["umount", "-q", f"{self.dir}/mnt"], check=False,
                       stderr=subprocess.DEVNULL)
        return result

    def first_turns(self, case, env, log):
        """Warm the caches, see what works here, and how much memory it takes.
        Return the memory of each tool that works, and those that do not."""
        memory, missing = {}, []
        for tool, command in case.tools.items():
            used, status = self.turn(case, command, env, log, measure_memory)
            if not status:
                memory[tool] = used
            elif tool != "e4pack":
                missing.append(tool)
            else:
                log.seek(0)
                raise RuntimeError(f"{case.name}: e4pack failed: " +
                                   log.read().decode(errors="replace"))
        return memory, missing

    def run(self, case):
        env = self.environment(case)
        with open(f"{self.dir}/log", "w+b") as log:
            if case.before:
                subprocess.run(["sh", "-c", case.before], env=env, check=True,
                               stdout=log, stderr=log)
            memory, missing = self.first_turns(case, env, log)
            seconds = {tool: [] for tool in memory}
            for _ in range(self.args.rounds):
                for tool, values in seconds.items():
                    values.append(self.turn(case, case.tools[tool], env,
                                            log)[0])
        remove(env["out"])
        for leftover in "image", "one", "source.tar":
            remove(f"{self.dir}/{leftover}")
        tools = {tool: {"best": min(values),
                        "median": statistics.median(values),
                        "memory": memory[tool]}
                 for tool, values in seconds.items()}
        return self.judge(case, tools, missing)

    def judge(self, case, tools, missing):
        n = self.objects[case.source]
        memory = case.memory(n) if callable(case.memory) else case.memory
        self.best[case.name] = tools["e4pack"]["best"]
        limit, against = case.limit, None
        if isinstance(limit, tuple):
            against, ratio = limit
            other = tools[against]["best"] if against in tools else \
                self.best.get(against)
            limit = other * ratio if other else None
        over = []
        if limit is not None and tools["e4pack"]["best"] > limit:
            over.append("time")
        if tools["e4pack"]["memory"] > memory:
            over.append("memory")
        return {"case": case.name, "about": case.about, "objects": n,
                "tools": tools, "missing": missing, "limit_seconds": limit,
                "limit_memory": memory, "over": over}


def show(result):
    base = result["tools"]["e4pack"]["best"]
    limit = result["limit_seconds"]
    n = result["objects"]
    print(f"{result['case']}: {result['about']}, {n:,} object{'s'[:n != 1]}")
    print(f"  {'':<14}{'best s':>10}{'median s':>10}{'x e4pack':>10}"
          f"{'MiB':>8}")
    for tool, t in result["tools"].items():
        print(f"  {tool:<14}{t['best']:>10.3f}{t['median']:>10.3f}"
              f"{t['best'] / base:>10.2f}{t['memory'] / MIB:>8.1f}")
    times = f"{'none':>10}{'':>20}" if limit is None else \
        f"{limit:>10.3f}{'':>10}{limit / base:>10.2f}"
    print(f"  {'budget':<14}{times}{result['limit_memory'] / MIB:>8.1f}")
    for tool in result["missing"]:
        print(f"  {tool}: cannot be had here")
    for what in result["over"]:
        print(f"  e4pack is OVER its budget of {what}")
    print()
    sys.stdout.flush()


def parse_args():
    parser = argparse.ArgumentParser(
        prog="run.sh", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="of " + ", ".join(c.name for c in CASES) +
                        " (default: all)")
    parser.add_argument("-r", "--rounds", type=int, default=5)
    parser.add_argument("-d", "--folder", default="/dev/shm",
                        help="for inputs and results (default: %(default)s)")
    parser.add_argument("--disk", metavar="FOLDER", default="/var/tmp",
                        help="on a disk, for results (default: %(default)s)")
    parser.add_argument("--inputs", metavar="FOLDER",
                        help="take inputs from there; those that are missing "
                             "are made there, and all stay")
    parser.add_argument("--debian", metavar="TREE",
                        help="a tree to take in place of mmdebstrap's")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--svg", metavar="FILE", help="a bar chart")
    args = parser.parse_args()
    known = {c.name: c for c in CASES}
    for name in args.cases:
        if name not in known:
            parser.error(f"no case {name}")
    for folder in (args.folder, args.disk):
        if not os.path.isdir(folder):
            parser.error(f"{folder}: is not a folder")
    if "million" in args.cases and "kibs" not in args.cases:
        args.cases.insert(0, "kibs")    # its time is the budget
    return args, [known[n] for n in args.cases] or CASES


def main():
    args, cases = parse_args()
    if not os.access(E4PACK, os.X_OK):
        sys.exit(f"run.sh: {E4PACK} is not there: set E4PACK")
    if not os.access("/usr/bin/time", os.X_OK):
        sys.exit("run.sh: needs GNU time (package \"time\")")
    bench = Bench(args)
    results = []
    try:
        for case in cases:
            results.append(bench.run(case))
            show(results[-1])
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(f"run.sh: {error}")
    finally:
        bench.close()
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"rounds": args.rounds, "results": results}, out,
                      indent=1)
            out.write("\n")
    if args.svg:
        write_chart(args.svg, results)
    return any(r["over"] for r in results)


if __name__ == "__main__":
    sys.exit(main())
