"""The report's pictures, as inline SVG: the chain of trust with this run's PCR values, and when each step ran. No scripts, no links."""
from html import escape

from teller import OK

WIDTH = 1120


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def box(x, y, width, height, title, lines, kind=""):
    parts = [f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" class="box {kind}"/>',
             text(x + width / 2, y + 24, title, "title", "middle")]
    parts += [text(x + width / 2, y + 44 + 17 * i, line, "small", "middle") for i, line in enumerate(lines)]
    return "".join(parts)


def arrow(points, label="", at=None, kind="", anchor="middle"):
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    line = f'<path d="{path}" class="arrow {kind}" marker-end="url(#head)"/>'
    return line + (text(*at, label, "label", anchor) if label else "")


def svg(height, title, parts):
    head = ('<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            'orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" class="tip"/></marker></defs>')
    return (f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
            f'xmlns="http://www.w3.org/2000/svg">{head}{"".join(parts)}</svg>')


# What runs, where it is drawn, and the PCRs that it is measured into: (x, width, title, lines, PCRs, class).
CHAIN = (
    (20, 150, "Firmware", ("OVMF, UEFI", "keys: PK, KEK, db"), (0, 7), "outside"),
    (200, 190, "BOOTX64.EFI", ("GRUB, its configuration,", "stage, root keys:", "one signature"), (4,), ""),
    (420, 170, "Hypervisor", ("VMX root mode,", "holds the gate"), (12, 14), "core"),
    (620, 160, "Service VM", ("Debian kernel, agent;", "owns the devices,", "is not trusted"), (), "outside"),
)
TOP, HEIGHT, TPM_TOP = 116, 100, 290


def chain(pcrs, release, states):
    """pcrs: number to value of the last boot, or {}; states: words about node and guest as the demo left them."""
    parts = []
    for i, (x, width, title, lines, measured, kind) in enumerate(CHAIN):
        shown = lines + ((release,) if title == "Hypervisor" else ())
        parts.append(box(x, TOP, width, HEIGHT, title, shown, kind))
        if i:
            before = CHAIN[i - 1][0] + CHAIN[i - 1][1]
            parts.append(arrow([(before, TOP + HEIGHT / 2), (x - 2, TOP + HEIGHT / 2)]))
        for n, pcr in enumerate(measured):
            at = x + width * (n + 1) / (len(measured) + 1)
            parts.append(arrow([(at, TOP + HEIGHT), (at, TPM_TOP - 2)], kind="measure"))
            parts.append(text(at + 5, TOP + HEIGHT + 34, f"PCR {pcr}", "label"))
    parts.append(text(20, TOP - 14, "each verifies or measures the next →", "note"))
    return svg(TPM_TOP + 140, "the chain of trust", parts + _above(states) + _tpm(pcrs) + _fleet(states))


def _above(states):
    """What is started from, and what it is all for."""
    return [box(195, 8, 200, 62, "Flash key", ("two signed slots, no secrets",)),
            arrow([(295, 70), (295, TOP - 2)], "read raw", (303, TOP - 18), anchor="start"),
            box(600, 8, 200, 62, "Guest", (states.get("guest", ""),), "good"),
            arrow([(505, TOP), (505, 39), (598, 39)], "with a ticket", (550, 31))]


def _tpm(pcrs):
    parts = [f'<rect x="20" y="{TPM_TOP}" width="760" height="128" rx="8" class="box tpm"/>',
             text(36, TPM_TOP + 24, "TPM 2.0 (swtpm)", "title"),
             text(764, TPM_TOP + 24, "signs these values with a key that never leaves it", "note", "end")]
    for i, pcr in enumerate((0, 1, 4, 7, 12, 13, 14)):
        x, y = 36 + 185 * (i % 4), TPM_TOP + 54 + 34 * (i // 4)
        value = pcrs[pcr].hex()[:12] + "…" if pcr in pcrs else "–"
        parts.append(text(x, y, f"PCR {pcr}", "label") + text(x + 52, y, value, "mono"))
    parts.append(text(36 + 185 * 3, TPM_TOP + 88, "NV: minimum SVN,", "small") +
                 text(36 + 185 * 3, TPM_TOP + 105, "slot states", "small"))
    return parts


def _fleet(states):
    x = 905
    return [box(x, TOP - 20, 200, 124, "signetd", ("fleet server: appraises", "event by event,", "gives tickets and updates;",
                                                  states.get("node", "")), "core"),
            box(x, TPM_TOP + 30, 200, 98, "Approver", ("signet: enrols nodes,", "accepts firmware,", "pushes releases"), "outside"),
            arrow([(780, TOP + 34), (x - 2, TOP + 34)], "evidence", (842, TOP + 26)),
            arrow([(x, TOP + 76), (782, TOP + 76)], "ticket, images", (842, TOP + 68)),
            arrow([(x + 100, TPM_TOP + 30), (x + 100, TOP + 106)], "decides", (x + 108, TOP + 158), anchor="start"),
            arrow([(700, TPM_TOP), (700, TOP + HEIGHT + 2)], "quote, through a filter", (708, TOP + HEIGHT + 44), anchor="start")]


ROW = 19


def timeline(steps, total):
    """One bar a step; those that ran while a machine booted lie beside each other in time."""
    left, top = 330, 26
    scale = (WIDTH - left - 70) / max(total, 1)
    height = top + ROW * len(steps) + 12
    parts = []
    for minute in range(int(total // 60) + 1):
        x = left + 60 * minute * scale
        parts.append(f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" y2="{height}" class="grid"/>')
        parts.append(text(round(x, 1), top - 12, f"{minute} min", "small", "middle"))
    for i, step in enumerate(steps):
        y, x, width = top + ROW * i, left + step.begun * scale, max(2, step.took * scale)
        kind = "good" if step.verdict == OK else "bad"
        parts.append(text(left - 8, y + 12, step.text if len(step.text) < 46 else step.text[:44] + "…", "small", "end"))
        parts.append(f'<rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{ROW - 6}" rx="2" class="bar {kind}"/>')
        parts.append(text(round(x + width + 5, 1), y + 12, f"{step.took:.1f} s", "small"))
    return svg(height, "when each step ran", parts)
