# SPDX-License-Identifier: MIT
"""Curves over numbers of users, both axes logarithmic, as SVG by gnuplot."""
import subprocess

HEAD = """set terminal svg size 1000,{height} font 'sans-serif,13' background 'white'
set output '{path}'
set logscale xy
set format x '%.0s%c'
set xlabel 'users'
set ylabel 'ns'
set grid
set key outside right
set multiplot layout {count},1
"""


def draw(path, panels):
    """`panels`: {title: {name: {users: value}}}."""
    lines = [HEAD.format(path=path, count=len(panels), height=380 * len(panels))]
    for title, curves in panels.items():
        lines.append(f"set title '{title}'")
        for at, points in enumerate(curves.values()):
            lines += [f"$points{at} << END", *(f"{users} {value}" for users, value in sorted(points.items())), "END"]
        lines.append("plot " + ", ".join(f"$points{at} with linespoints linewidth 2 title '{name}'"
                                         for at, name in enumerate(curves)))
    lines.append("unset multiplot\n")
    subprocess.run(["gnuplot"], input="\n".join(lines), text=True, check=True)
