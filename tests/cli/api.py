"""docs/api.yaml says of the operator API what docs/fleet-api.md says, and is whole in itself."""
import re
import sys
from pathlib import Path

import yaml

project = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(project))
from tests.lib.tap import expect, main

METHODS = {"get", "put", "post", "delete"}
api = yaml.safe_load((project / "docs/api.yaml").read_text())


def operations():
    for path, item in api["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                expect(method in METHODS, f"{path}: {method} is no method of ours")
                yield method.upper(), path, item, operation


def shape(path):
    """A path without the names of its parameters."""
    return re.sub(r"\{\w+\}|\b(ID|CLASS|NAME|DIGEST|SERIAL|N)\b", "*", path)


def page_operations():
    """{(method, shape): role} of the page's table."""
    page = (project / "docs/fleet-api.md").read_text()
    table = page.split("## Operator requests")[1].split("\n## ")[0]
    for requests, roles, rest in re.findall(r"^\| (`.*?) \| (\w[\w, ]*?) \| ?(.*?) ?\|$", table, re.M):
        requests = re.findall(r"`(\w+) (\S+?)(?:\?\S*)?`", requests)
        roles = roles.split(", ") * (len(requests) if ", " not in roles else 1)
        expect(len(requests) == len(roles), f"as many roles as requests: {requests}")
        for (method, path), role in zip(requests, roles):
            yield (method, "/v1" + shape(path)), role
        for path in re.findall(r"also at `(\S+)`", rest):
            yield ("GET", path), roles[0]


def is_the_page():
    here = {(method, shape(path)): operation["x-role"] for method, path, _, operation in operations()}
    there = dict(page_operations())
    expect(len(there) > 30, "the page's table is read", str(there))
    differing = {k: (here.get(k), there.get(k)) for k in here.keys() | there.keys() if here.get(k) != there.get(k)}
    expect(not differing, "page and api.yaml agree on requests and roles", str(differing))


def server_operations():
    """The same of the fleet server's tables (signetd/route.h)."""
    row = r'\{ (?:METHOD_)?(GET|POST|PUT|DELETE),(?: \w+,)? "(/(?:v1|\.well-known)/[^"]+)",\s+(?:ROLE_)?(VIEWER|OPERATOR|APPROVER),'
    for source in sorted((project / "signetd").glob("*routes.c")):
        for method, path, role in re.findall(row, source.read_text()):
            yield (method, shape(path)), role.lower()


def is_the_servers():
    """A server that serves no update at all may lack those; of nothing else may it lack a part."""
    here = {(method, shape(path)): operation["x-role"] for method, path, _, operation in operations()}
    there = dict(server_operations())
    expect(len(there) > 25, "the server's tables are read", str(there))
    if not any("/updates" in path for _, path in there):
        here = {k: role for k, role in here.items() if "/updates" not in k[1]}
    differing = {k: (here.get(k), there.get(k)) for k in here.keys() | there.keys() if here.get(k) != there.get(k)}
    expect(not differing, "server and api.yaml agree on requests and roles", str(differing))


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def is_whole():
    used = set(references(api))
    for reference in used:
        at = api
        for word in reference.removeprefix("#/").split("/"):
            expect(word in at, f"{reference} leads nowhere")
            at = at[word]
    for kind, members in api["components"].items():
        for name in members:
            expect(kind == "securitySchemes" or f"#/components/{kind}/{name}" in used, f"{kind}/{name} is not used")
    ids = [operation["operationId"] for *_, operation in operations()]
    expect(len(ids) == len(set(ids)), "operationIds are unique")


def names_its_parameters():
    for method, path, item, operation in operations():
        given = item.get("parameters", []) + operation.get("parameters", [])
        given = [api["components"]["parameters"][p["$ref"].split("/")[-1]] if "$ref" in p else p for p in given]
        names = {p["name"] for p in given if p["in"] == "path"}
        expect(names == set(re.findall(r"\{(\w+)\}", path)), f"{method} {path}: parameters {names}")
        expect(operation["summary"] and set(operation["responses"]) in ({"200", "default"}, {"201", "default"}), f"{method} {path}: answers")


def requires_what_is_there():
    def walk(value, where):
        if isinstance(value, dict):
            if "required" in value and isinstance(value["required"], list):
                missing = set(value["required"]) - set(value.get("properties", {}))
                expect(not missing, f"{where} requires what it does not describe: {missing}")
            for key, each in value.items():
                walk(each, f"{where}/{key}")
        elif isinstance(value, list):
            for i, each in enumerate(value):
                walk(each, f"{where}/{i}")

    walk(api, "")


main([
    ("api.yaml and the page name the same requests and roles", is_the_page),
    ("api.yaml and the server's tables name the same requests and roles", is_the_servers),
    ("api.yaml refers to what is there, and uses all of it", is_whole),
    ("every path parameter is described, every operation has its answers", names_its_parameters),
    ("what a schema requires it describes", requires_what_is_there),
])
