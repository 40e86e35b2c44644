# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark as a bar chart: a group of bars a case, a bar a tool.

Bars are times as multiples of e4pack's, so that cases of any length stand
beside each other; one that is too long for the picture is cut open at its end
and says its numbers.  The colours follow a reader who wants them dark."""

from xml.sax.saxutils import escape

WIDTH, LABEL, RIGHT = 760, 130, 130
BAR, TITLE, GAP, HEAD, FOOT = 15, 19, 11, 58, 4
MOST = 8.0
STYLE = """
text{font-family:sans-serif;font-size:12px;fill:#222}
.title{font-size:16px;font-weight:bold}
.case{font-weight:bold}
.faint{fill:#666}
.page{fill:#fff}
.own{fill:#1f6f5c}
.other{fill:#a9b4bd}
@media (prefers-color-scheme:dark){
text{fill:#ddd}
.faint{fill:#999}
.page{fill:#16191c}
.own{fill:#3fae92}
.other{fill:#5b6670}
}
"""


def words(seconds, ratio):
    time = f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds:.2f} s"
    if ratio is None:
        return time
    return f"{time}, {ratio:.{2 if ratio < 10 else 0}f} x"


def bar_shape(y, ratio):
    """The path of a bar and its width; a cut one ends in teeth."""
    room = WIDTH - LABEL - RIGHT
    width = max(1.0, min(ratio, MOST) / MOST * room)
    height = BAR - 3
    end = f"V{y + height}"
    if ratio > MOST:
        end = f"l5 {height / 4}l-5 {height / 4}l5 {height / 4}l-5 {height / 4}"
    return f"M{LABEL} {y}H{LABEL + width:.1f}{end}H{LABEL}Z", width


def bar(out, y, tool, t, base):
    ratio = t["best"] / base
    own = tool == "e4pack"
    path, width = bar_shape(y, ratio)
    out.append(f'<text x="{LABEL - 8}" y="{y + 10}" text-anchor="end">'
               f'{escape(tool)}</text>')
    out.append(f'<path class="{"own" if own else "other"}" d="{path}"/>')
    out.append(f'<text x="{LABEL + width + 10:.1f}" y="{y + 10}">'
               f'{words(t["best"], None if own else ratio)}</text>')


def write_chart(path, results):
    """Write the bar chart of @results, as bench.py makes them, to @path."""
    height = HEAD + FOOT + sum(len(r["tools"]) * BAR + TITLE + GAP
                               for r in results)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{height}" viewBox="0 0 {WIDTH} {height}">',
           f'<style>{STYLE}</style>',
           f'<rect class="page" width="{WIDTH}" height="{height}"/>',
           '<text class="title" x="10" y="24">e4pack beside other tools'
           '</text>',
           '<text class="faint" x="10" y="42">The best time of each; shorter '
           "is better. Bars are multiples of e4pack's time.</text>"]
    y = HEAD
    for r in results:
        about = r["about"][0].upper() + r["about"][1:]
        out.append(f'<text class="case" x="10" y="{y + 11}">'
                   f'{escape(about)}</text>')
        y += TITLE
        base = r["tools"]["e4pack"]["best"]
        for tool, t in r["tools"].items():
            bar(out, y, tool, t, base)
            y += BAR
        y += GAP
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
