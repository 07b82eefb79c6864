"""Compares the licences that the crates declare with the list in deny.toml. Prints each crate that is not covered, and exits with 1 if any.

Crates of all features on this platform are looked at, as Cargo.lock pins them.
"""

import json
import re
import subprocess
import sys
import tomllib


def allowed(expression, licences):
    """Whether an SPDX expression can be met with these licences: either side of OR, both sides of AND; `/` is an old way to write OR."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def alternatives():
        met = all_of()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            met = all_of() or met
        return met

    def all_of():
        met = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one():
        name = tokens.pop(0)
        if name == "(":
            met = alternatives()
            tokens.pop(0)
            return met
        if tokens[:1] == ["WITH"]:
            tokens.pop(0)
            # An exception only ever grants more, so the licence itself suffices.
            return f"{name} WITH {tokens.pop(0)}" in licences or name in licences
        return name in licences

    return alternatives()


def output(*command):
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    """Looks at every package that Cargo knows of."""
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)["licenses"]
    exceptions = {exception["crate"]: set(exception["allow"]) for exception in rules["exceptions"]}
    host = re.search(r"^host: (.+)$", output("rustc", "-vV"), re.MULTILINE).group(1)
    packages = json.loads(output("cargo", "metadata", "--locked", "--format-version=1", f"--filter-platform={host}"))["packages"]
    licences = {package["name"]: set(rules["allow"]) | exceptions.get(package["name"], set()) for package in packages}
    refused = [package for package in packages if not allowed(package["license"] or "none", licences[package["name"]])]
    for package in refused:
        print(f"{package['name']} {package['version']}: {package['license']} is not allowed by deny.toml")
    print(f"{len(packages) - len(refused)} of {len(packages)} packages have a licence that deny.toml allows")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
