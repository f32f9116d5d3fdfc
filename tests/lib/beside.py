"""Runs TAP programs beside each other, for those that wait more than they work; prints what each said, one after the other.
usage: beside.py PROGRAM ... (each may carry arguments, quoted). Exit status 0 when all of them end so."""
import shlex
import subprocess
import sys
import tempfile


def main(programs):
    logs = [tempfile.TemporaryFile() for _ in programs]
    running = [subprocess.Popen(shlex.split(program), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
               for program, log in zip(programs, logs)]
    failed = False
    try:
        for program, process, log in zip(programs, running, logs):
            status = process.wait()
            failed |= status != 0
            log.seek(0)
            sys.stdout.buffer.write(log.read())
            print(f"# {program}: exit {status}", flush=True)
    except KeyboardInterrupt:
        # They got it too, from the terminal: each ends what it started.
        for process in running:
            process.wait()
        raise
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
