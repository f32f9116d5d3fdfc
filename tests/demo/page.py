"""The report: one HTML file that needs nothing beside it, with what was shown, how it came out, and what the TPM and the log say."""
from dataclasses import dataclass, field
from html import escape

import drawing
from teller import OK

STYLE = """
:root { --ink: #1b2430; --soft: #5a6675; --paper: #fff; --ground: #f3f5f8; --line: #d3dae3; --good: #14794a; --good-soft: #e0f3e8;
  --bad: #b3261e; --bad-soft: #fbe4e2; --core: #1f4f99; --core-soft: #e3ecfa; --tpm-soft: #fdf3da; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e5eaf1; --soft: #9dabbd; --paper: #171d26; --ground: #10151c; --line: #323d4b;
  --good: #59c78f; --good-soft: #14352a; --bad: #ff8a80; --bad-soft: #431d1c; --core: #86b4ff; --core-soft: #1b2d4a;
  --tpm-soft: #3a3016; --warn: #f0c060; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 1200px; margin: 0 auto; padding: 24px 20px 60px }
h1 { margin: 0 0 4px; font-size: 30px } h2 { margin: 0 0 12px; font-size: 20px } h3 { margin: 20px 0 6px; font-size: 16px }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin-top: 18px }
.verdict { border-left: 8px solid var(--good); } .verdict.bad { border-left-color: var(--bad) }
.verdict strong { font-size: 20px; color: var(--good) } .verdict.bad strong { color: var(--bad) }
.figures { display: flex; flex-wrap: wrap; gap: 8px 36px; margin: 10px 0 0; padding: 0; list-style: none; color: var(--soft) }
.figures b { display: block; color: var(--ink); font-size: 18px }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 4px 28px } ul { margin: 0; padding-left: 20px }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px }
td, th { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top }
tr:last-child td { border-bottom: 0 }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums } td.component { white-space: nowrap; font-weight: 600 }
code, pre, .mono { font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace }
pre { margin: 4px 0 0; padding: 8px 10px; background: var(--ground); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere }
td code { overflow-wrap: anywhere } td code.whole { white-space: nowrap } .events code { overflow-wrap: normal; white-space: nowrap; font-size: 11.5px } .changed { background: var(--tpm-soft) } .changed code { color: var(--warn); font-weight: 600 }
.tag { display: inline-block; min-width: 62px; padding: 1px 8px; border-radius: 20px; text-align: center; font-size: 13px;
  background: var(--bad-soft); color: var(--bad) } .tag.good { background: var(--good-soft); color: var(--good) }
summary { cursor: pointer; color: var(--soft) } svg { display: block; width: 100%; min-width: 900px; height: auto }
svg text { fill: var(--ink); font: 13px system-ui, "DejaVu Sans", sans-serif } svg .title { font-weight: 700; font-size: 15px }
svg .small { font-size: 12px; fill: var(--soft) } svg .label { font-size: 12px; font-weight: 600; fill: var(--core) }
svg .note { font-size: 12.5px; font-style: italic; fill: var(--soft) }
svg text.mono { font: 12px ui-monospace, "DejaVu Sans Mono", monospace }
svg .box { fill: var(--paper); stroke: var(--soft); stroke-width: 1.4 } svg .box.core { fill: var(--core-soft); stroke: var(--core) }
svg .box.outside { fill: var(--ground) } svg .box.tpm { fill: var(--tpm-soft); stroke: var(--warn) }
svg .box.good { fill: var(--good-soft); stroke: var(--good) }
svg .arrow { fill: none; stroke: var(--soft); stroke-width: 1.6 } svg .arrow.measure { stroke: var(--warn); stroke-dasharray: 4 3 }
svg .tip { fill: var(--soft) } svg .grid { stroke: var(--line) } svg .bar { fill: var(--good) } svg .bar.bad { fill: var(--bad) }
"""
PCR_WORDS = {
    0: "firmware's code", 1: "firmware's configuration and tables", 2: "option ROMs", 3: "their configuration",
    4: "the EFI binary: GRUB, its configuration, the stage, the root keys", 5: "partition table, and what its boot services end with",
    6: "of the platform's maker", 7: "Secure Boot: its state and keys", 12: "stage, keys, manifest, each component of the image",
    13: "each guest, before its first instruction", 14: "what this boot decided: slot, session, tickets",
}
SHOWN = 16  # digits of a PCR's value; all of them when pointed at


@dataclass
class Boot:
    """One boot as its last evidence shows it."""
    title: str
    pcrs: dict
    rows: list


@dataclass
class Findings:
    """What the demo leaves for the report besides its steps."""
    real: list = field(default_factory=list)
    emulated: list = field(default_factory=list)
    facts: list = field(default_factory=list)  # (name, value)
    boots: list = field(default_factory=list)
    commands: str = ""  # what the operator typed, and was told
    release: str = ""
    states: dict = field(default_factory=dict)


def figures(teller, total, load):
    held = sum(step.verdict == OK for step in teller.steps)
    shown = (f"{held} of {len(teller.steps)}", "steps held"), (f"{int(total) // 60} min {int(total) % 60} s", "in all"), load
    return "".join(f"<li><b>{escape(value)}</b>{escape(name)}</li>" for value, name in shown)


def banner(teller, total, load):
    good = teller.held()
    words = "All of it held." if good else "Not all of it held."
    return (f'<section class="verdict {"" if good else "bad"}"><strong>{words}</strong>'
            f'<ul class="figures">{figures(teller, total, load)}</ul></section>')


def bullets(title, lines):
    return f"<div><h3>{escape(title)}</h3><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul></div>"


def step_row(step):
    said = "\n".join(step.shown) if step.verdict == OK else step.detail
    more = f"<details{'' if step.verdict == OK else ' open'}><summary>what was said</summary><pre>{escape(said)}</pre></details>"
    return (f'<tr><td><span class="tag {"good" if step.verdict == OK else ""}">{escape(step.verdict)}</span></td>'
            f'<td class="component">{escape(step.component)}</td><td>{escape(step.text)}{more if said else ""}</td>'
            f'<td class="number">{step.took:.1f} s</td></tr>')


def scenes(teller):
    parts = []
    for scene in teller.scenes:
        rows = "".join(step_row(step) for step in teller.steps if step.scene == scene)
        parts.append(f'<h3>{escape(scene)}</h3><table><tr><th style="width:92px">verdict</th><th style="width:110px">shown by</th>'
                     f'<th>what is proved</th><th style="width:80px">time</th></tr>{rows}</table>')
    return "".join(parts)


def pcr_table(boots):
    head = "".join(f"<th>{escape(boot.title)}</th>" for boot in boots)
    rows = []
    for pcr, words in PCR_WORDS.items():
        cells, before = "", None
        for boot in boots:
            value = boot.pcrs.get(pcr)
            changed = before is not None and value is not None and value != before
            full = value.hex() if value is not None else ""
            cells += f'<td class="{"changed" if changed else ""}" title="{full}"><code class="whole">{f"{full[:SHOWN]}…" if full else "–"}</code></td>'
            before = value if value is not None else before
        rows.append(f'<tr><td class="number">{pcr}</td><td>{escape(words)}</td>{cells}</tr>')
    return (f'<div class="wide"><table><tr><th>PCR</th><th style="min-width:170px">what is in it</th>{head}</tr>'
            f'{"".join(rows)}</table></div>'
            "<p>Marked: other than in the boot before. PCR 12 follows from the image, PCR 13 and 14 from what each boot did.</p>")


def event_table(boot, before):
    known = {(pcr, digest) for pcr, _, _, digest in before.rows} if before else None
    rows = []
    for pcr, kind, words, digest in boot.rows:
        new = known is not None and pcr < 12 and (pcr, digest) not in known
        rows.append(f'<tr class="{"changed" if new else ""}"><td class="number">{pcr}</td><td class="mono">{escape(kind)}</td>'
                    f"<td>{escape(words)}</td><td><code>{digest}</code></td></tr>")
    return (f"<details><summary>{escape(boot.title)}: {len(boot.rows)} events</summary><div class='wide'><table class='events'><tr><th>PCR</th>"
            f"<th>type</th><th>what</th><th>SHA-256</th></tr>{''.join(rows)}</table></div></details>")


def logs(boots):
    return "".join(event_table(boot, boots[i - 1] if i else None) for i, boot in enumerate(boots))


def section(title, content):
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def render(teller, findings, total, load):
    last = findings.boots[-1].pcrs if findings.boots else {}
    facts = "".join(f"<tr><td>{escape(name)}</td><td><code>{escape(value)}</code></td></tr>" for name, value in findings.facts)
    parts = [banner(teller, total, load),
             section("What is real, what is emulated", f'<div class="two">{bullets("Real", findings.real)}'
                     f'{bullets("Emulated or left out", findings.emulated)}</div>'),
             section("The chain", f'<div class="wide">{drawing.chain(last, findings.release, findings.states)}</div>'),
             section("Every step", scenes(teller)),
             section("Time", f'<div class="wide">{drawing.timeline(teller.steps, total)}</div>')]
    if findings.boots:
        parts += [section("PCRs, as the TPM quoted them", pcr_table(findings.boots)),
                  section("Event log", "<p>Each log leads to the values above, and was judged event by event. Marked: firmware events that "
                          "the boot before did not have.</p>" + logs(findings.boots))]
    if facts:
        parts.append(section("Names and digests", f"<table>{facts}</table>"))
    if findings.commands:
        parts.append(section("What the operator typed", f"<details><summary>all of it, with the answers</summary>"
                             f"<pre>{escape(findings.commands)}</pre></details>"))
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Signet: what the demo showed</title><style>{STYLE}</style><main><h1>Signet</h1>"
            f"<div>What the demo showed, step by step</div>{''.join(parts)}</main></html>\n")
