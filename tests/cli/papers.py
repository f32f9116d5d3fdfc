"""The papers, held to the tree: what they name is there, what the code can say is in them once, with cause and cure."""
import re
import subprocess
import sys
from pathlib import Path

project = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(project))
from tests.lib.tap import expect, main

PAGES = [project / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md") if (project / name).exists()]
PAGES += sorted((project / "docs").glob("*.md"))
TREE = [p.relative_to(project).as_posix() for p in project.rglob("*")
        if p.is_file() and not {".git", "build", "__pycache__"} & set(p.relative_to(project).parts)]
TEXTS = {name: (project / name).read_text(errors="replace") for name in TREE
         if name.endswith((".c", ".h", ".S", ".py", ".sh", ".def", ".mk", ".ld")) or name.startswith("tools/")}
SUFFIXES = r"c|h|S|py|sh|def|md|mk|ld|scd|cfg|yaml|awk|modules|bash|service"
OTHERS = {"tpm2_rc_decode", "kvm_intel"}  # programs and modules that are not ours
SOURCES = {name: text for name, text in TEXTS.items() if name.endswith(".c") and name.startswith(("signetd/", "agent/"))}


def spans(page):
    """What stands between backticks outside of blocks."""
    text = re.sub(r"^(    |```).*$", "", page.read_text(), flags=re.M)
    return re.findall(r"`([^`\n]+)`", text)


def is_there(path):
    """A file, a folder, or a pattern of them; by its end when it has no folder, or only the end of one."""
    path = path.rstrip("/")
    tail = re.compile("(^|/)" + re.escape(path).replace(r"\*", "[^/]*") + "(/|$)")
    return any(tail.search(name) for name in TREE)


def folders():
    return {name.split("/")[0] for name in TREE if "/" in name}


def names_files_that_are_there():
    seen, missing = 0, []
    for page in PAGES:
        for span in spans(page):
            for word in re.split(r"[ ,]+", re.sub(r"\{([^}]*)\}", lambda m: "{" + m[1].replace(",", ";") + "}", span)):
                named = re.fullmatch(rf"[\w./*{{}};-]+\.({SUFFIXES})", word) or \
                    (re.fullmatch(r"[a-z][\w/.-]*/[\w/.*-]*", word) and word.split("/")[0] in folders())
                if not named or word.startswith(("/", ".")) or word.endswith((".pem", ".crt")):
                    continue
                choices = re.search(r"\{([^}]*)\}", word)
                for one in (word.replace(choices[0], c) for c in choices[1].split(";")) if choices else [word]:
                    seen += 1
                    if not is_there(one):
                        missing.append(f"{page.name}: {one}")
    expect(seen > 300, f"paths are found in the papers: {seen}")
    expect(not missing, "files that are not there", "\n".join(missing))


def names_functions_that_are_there():
    """A word with an underscore in backticks is a name of the code, or of a test."""
    words = set().union(*(re.findall(r"\b\w+_\w+\b", text) for text in TEXTS.values()))
    seen, missing = 0, []
    for page in PAGES:
        for span in spans(page):
            if re.fullmatch(r"[a-z]\w*_\w+(\(\))?", span):
                seen += 1
                if span.removesuffix("()") not in words | OTHERS:
                    missing.append(f"{page.name}: {span}")
    expect(seen > 20, f"names are found in the papers: {seen}")
    expect(not missing, "names that are not there", "\n".join(missing))


def links_lead_somewhere():
    missing = [f"{page.name}: {target}" for page in PAGES for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
               if not (page.parent / target).exists()]
    expect(not missing, "links that lead nowhere", "\n".join(missing))


def readme_lists_every_page():
    readme = (project / "README.md").read_text()
    missing = [page.name for page in (project / "docs").glob("*.md") if f"docs/{page.name}" not in readme]
    expect(not missing, "pages that the README does not list", "\n".join(missing))


def commands():
    """{(group, command): its --help}."""
    found = {}
    run = lambda *words: subprocess.run(["build/signet", *words], cwd=project, capture_output=True, text=True, check=True).stdout
    for group in re.findall(r"^  ([a-z]+) ", run("help").split("Groups:")[1], re.M):
        for command in re.findall(r"^  ([a-z-]+) ", run("help", group).split("Commands:")[1], re.M):
            found[group, command] = run("help", group, command)
    return found


def names_commands_that_are_there():
    """With their options, in prose and in blocks; a line that ends in a backslash goes on."""
    known, wrong, seen = commands(), [], 0
    groups = {group for group, _ in known}
    for page in PAGES:
        text = re.sub(r"\\\n\s*", "", page.read_text())
        for span in re.findall(r"(?:^    |`)(?:\w+=\S+ )*(?:build/)?signet ([a-z][^`\n#|]*)", text, re.M):
            words = span.split()
            if words[0] not in groups or len(words) < 2 or not re.fullmatch(r"[a-z-]+", words[1]):
                continue
            seen += 1
            helped = known.get((words[0], words[1]))
            options = [w for w in re.findall(r"(?<!\S)--[a-z0-9-]+", span)]
            for bad in [f"{words[0]} {words[1]}"] if helped is None else [o for o in options if f"  {o} " not in helped]:
                wrong.append(f"{page.name}: signet {' '.join(words[:2])}: {bad}")
    expect(seen > 80, f"commands are found in the papers: {seen}")
    expect(not wrong, "commands and options that are not there", "\n".join(wrong))


def rows_of(page, head):
    """The rows of the table that begins with that line."""
    lines = (project / page).read_text().split("\n" + head + "\n")[1].splitlines()[1:]
    end = next((i for i, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[:end]]


def verdicts_are_the_codes():
    code = re.findall(r'VERDICT\((\d+), (\w+), "(.*?)", "(.*?)"\)', (project / "attest/verdicts.def").read_text())
    page = rows_of("docs/verdicts.md", "| code | name | words | cause | what to do |")
    expect(len(code) > 35, "verdicts are found")
    expect([(r[0], r[1], r[2], r[4]) for r in page] == code, "page and code differ",
           "\n".join(map(str, {*((r[0], r[1], r[2], r[4]) for r in page)} ^ {*code})))
    expect(all(len(r[3]) > 15 and r[3] != r[2] for r in page), "each has its cause")


def refusals_are_the_codes():
    errors = dict(re.findall(r'ERR\(\d+, (\w+), "(.*?)"\)', (project / "lib/err.def").read_text()))
    numbers = {name: number for number, name in re.findall(r"ERR\((\d+), (\w+),", (project / "lib/err.def").read_text())}
    code = re.findall(r'\{ ERR_(\w+), "([a-z-]+)",\s*"(.*?)" \}', (project / "update/refusal.c").read_text())
    page = rows_of("docs/fleet-api.md", "| error | code | reason | advice |")
    wanted = {(numbers[name], f"`{word}`", errors[name], advice) for name, word, advice in code}
    expect(len(wanted) > 15, "refusals are found")
    expect({tuple(r) for r in page} == wanted, "page and code differ", "\n".join(map(str, {tuple(r) for r in page} ^ wanted)))


def has_cause_and_cure(table, at):
    thin = [row for row in table if any(len(cell) < 8 for cell in row[at:])]
    expect(not thin, "rows without cause or cure", str(thin))


def errors_are_the_servers():
    server, node = set(), set(re.findall(r'plain_answer\(id, "([a-z-]+)"', "".join(SOURCES.values())))
    for text in SOURCES.values():
        server |= set(re.findall(r'answer_error\(\s*[^,]+,\s*(\d+),\s*"([a-z-]+)"', text))
        server |= set(re.findall(r'struct refusal \w+ = \{ (\d{3}), "([a-z-]+)"', text))
        node |= set(re.findall(r'command_fail\(\s*\w+,\s*"([a-z-]+)"', text))
        node |= set(re.findall(r'text_or\(answer, "code", "([a-z-]+)"', text))
    page = rows_of("docs/fleet-api.md", "| status | code | cause | what to do |")
    expect(len(server) > 45 and len(node) > 10, f"codes are found: {len(server)}, {len(node)}")
    there = {(r[0], r[1].strip("`")) for r in page}
    expect(there == server and len(page) == len(there), "page and server differ", str(there ^ server))
    own = rows_of("docs/fleet-api.md", "| code | cause | what to do |")
    here = {r[0].strip("`") for r in own} - {"error-NN"}
    expect(here == node and len(own) == len(here) + 1, "page and agent differ", str(here ^ node))
    has_cause_and_cure(page, 2)
    has_cause_and_cure(own, 1)


def attacks_are_shown_by_tests():
    """Rows 1 to 40; each names a file, and functions stand in a file that the row names."""
    table, wrong = rows_of("SECURITY.md", "| row | attack | shown by |"), []
    expect([r[0] for r in table] == [str(n) for n in range(1, 41)], "rows 1 to 40")
    for number, _, shown in table:
        named = re.findall(r"`([^`]+)`", shown)
        files = [n for n in named if "." in n or "/" in n]
        texts = [text for name, text in TEXTS.items() if name.startswith("tests/") and any(name.endswith(f) for f in files)]
        wrong += [] if texts else [f"row {number}: no test"]
        wrong += [f"row {number}: {n}" for n in set(named) - set(files) if not any(re.search(rf"\b{n}\b", t) for t in texts)]
    expect(not wrong, "tests that are not there", "\n".join(wrong))


main([
    ("every file that a paper names is there", names_files_that_are_there),
    ("every function and test that a paper names is there", names_functions_that_are_there),
    ("every row of the attacks names tests that are there", attacks_are_shown_by_tests),
    ("every link leads somewhere", links_lead_somewhere),
    ("the README lists every page", readme_lists_every_page),
    ("every command and option that a paper names is there", names_commands_that_are_there),
    ("every verdict is in verdicts.md, in the code's words, with its cause", verdicts_are_the_codes),
    ("every refusal of an update is in fleet-api.md, in the code's words", refusals_are_the_codes),
    ("every error of fleet server and agent is in fleet-api.md, with cause and cure", errors_are_the_servers),
])
