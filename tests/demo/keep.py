"""KEEP=1: the demo's fleet stays as it was left, and the person has a shell with `signet` that knows it. Leaving the shell ends all."""
import os
import pty
import subprocess
import sys
from pathlib import Path

SHELL = ("/bin/bash", "--norc", "--noprofile")


def commands(place):
    """What is worth typing, and what it shows."""
    node = place.node[:12]
    return (("signet node list", "the node, and how it was judged"),
            (f"signet node show {node}", "all that is known of it"),
            (f"signet attest now {node}", "have it attest again"),
            (f"signet attest history {node}", "each appraisal, the refused ones too"),
            ("signet baseline show bochs", "the firmware events that were approved"),
            (f"signet guest console {node} web", "the guest's console (it says how to leave)"),
            (f"signet guest stop {node} web", "stop it; `signet guest run` with the file below starts it"),
            (f"signet guest run {node} {os.path.relpath(place.guest)}", "start it again"),
            (f"signet update push {os.path.relpath(place.releases[1])} {node}", "the old release: refused"),
            (f"tail -f {os.path.relpath(place.bed.folder)}/serial-{place.bed.starts}", "the node's own console"),
            ("exit", "end everything"))


def explain(place):
    say = place.teller.say
    say("\nThe server still runs, and the fleet server with it. This shell is inside the build root, where both can be reached;\n"
        "`signet` is the operator's command, and knows the fleet server and the approver. Worth typing:\n")
    for command, words in commands(place):
        say(f"    {command:<66} # {words}")
    say()


def environment(place):
    return {**os.environ, "PATH": f"{Path('build').resolve()}:{os.environ['PATH']}", "PS1": "signet demo $ ",
            "SIGNET_SERVER": f"127.0.0.1:{place.bed.server.port('operators')}", "SIGNET_OPERATOR": str(place.bed.identity()),
            "SIGNET_CA": place.bed.server.path("fleet-ca.crt")}


def run(place):
    """On a terminal with a terminal of its own, so that Ctrl-C in it is no Ctrl-C for the demo; else commands come from the input."""
    explain(place)
    if not sys.stdin.isatty():
        subprocess.run(SHELL, env=environment(place), check=False)
        return
    os.environ.update(environment(place))
    columns, rows = os.get_terminal_size(sys.stdin.fileno())
    pty.spawn(("/bin/sh", "-c", f"stty rows {rows} cols {columns}; exec {' '.join(SHELL)} -i"))
