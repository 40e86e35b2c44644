# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark as a bar chart: a group of bars a case, a bar a tool.

Bars are times as multiples of e4pack's, so that cases of any length stand
beside each other; one that is too long for the picture is cut and says its
number."""

from xml.sax.saxutils import escape

WIDTH, LABEL, RIGHT = 760, 130, 90
BAR, GAP, HEAD = 14, 26, 56
MOST = 8.0
COLOURS = {"e4pack": "#1f6f5c"}
OTHER = "#a9b4bd"
STYLE = ("text{font-family:sans-serif;font-size:12px;fill:#222}"
         ".t{font-size:16px;font-weight:bold}.c{font-weight:bold}"
         ".s{fill:#666}")


def bar(out, y, tool, t, base):
    ratio = t["best"] / base
    room = WIDTH - LABEL - RIGHT
    width = max(1.0, min(ratio, MOST) / MOST * room)
    out.append(f'<text x="{LABEL - 8}" y="{y + 11}" text-anchor="end">'
               f'{escape(tool)}</text>')
    out.append(f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" '
               f'height="{BAR - 2}" fill="{COLOURS.get(tool, OTHER)}"/>')
    cut = " »" if ratio > MOST else ""
    out.append(f'<text x="{LABEL + width + 5:.1f}" y="{y + 11}">'
               f'{t["best"]:.3f} s{cut}</text>')


def write_chart(path, results):
    """Write the bar chart of @results, as bench.py makes them, to @path."""
    rows = sum(len(r["tools"]) * BAR + GAP for r in results)
    height = HEAD + rows + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{height}" viewBox="0 0 {WIDTH} {height}">',
           f'<style>{STYLE}</style>',
           f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
           '<text class="t" x="10" y="24">e4pack beside other tools</text>',
           '<text class="s" x="10" y="42">best time of each; bars are '
           'multiples of e4pack\'s, shorter is better</text>']
    y = HEAD
    for r in results:
        out.append(f'<text class="c" x="10" y="{y + 11}">'
                   f'{escape(r["about"])}</text>')
        y += 18
        base = r["tools"]["e4pack"]["best"]
        for tool, t in r["tools"].items():
            bar(out, y, tool, t, base)
            y += BAR
        y += GAP - 18
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
