"""Leads most of the requests that Schemathesis makes up to things that exist: with names and texts made up all over, nearly
all would end at the first check.

`STAGEDOOR_KNOWN` is a file that `catalog.mjs` has made: names by parameter of paths, other names for single operations
(`of`), texts by key of bodies, others for single operations (`textsOf`), lists by key, and documents. Which requests are
led, and where to, follows from the request alone, so that a run with the same seed is the same run.
"""

import json
import os
import re
import zlib

import schemathesis

with open(os.environ["STAGEDOOR_KNOWN"], encoding="utf-8") as file:
    KNOWN = json.load(file)

# What property keys name: a key that is not legal would end the request before anything else is looked at.
MAPS = ("properties", "relations", "mirrorProperties", "calculationProperties", "aggregationProperties")


def crc(text):
    return zlib.crc32(text.encode("utf-8", "replace"))


def pick(names, number):
    return names[number % len(names)]


def legal(name):
    return name if re.fullmatch(r"[A-Za-z0-9@_=-]{1,100}", name) else f"k{crc(name)}"


def lead(value, texts, number):
    """Puts what is known in the places of what was made up, all through a body; one place in five stays."""
    if isinstance(value, list):
        for n, inner in enumerate(value):
            lead(inner, texts, number + n)
    if not isinstance(value, dict):
        return
    for key, inner in list(value.items()):
        here = number + crc(key)
        if here % 5 == 0:
            continue
        if isinstance(inner, str) and key in texts:
            value[key] = pick(texts[key], here)
        elif isinstance(inner, list) and key in KNOWN["lists"]:
            value[key] = [pick(KNOWN["lists"][key], here + n) for n in range(min(len(inner), 3))]
        else:
            if isinstance(inner, dict) and key in MAPS:
                inner = value[key] = {legal(name): one for name, one in inner.items()}
            lead(inner, texts, here)


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = f"{case.method.upper()} {case.operation.path}"
    number = crc(repr((operation, case.path_parameters, case.query, case.body)))
    # A quarter stays as it was made up.
    if number % 4 == 0:
        return
    number //= 4
    names = {**KNOWN["names"], **KNOWN["of"].get(operation, {})}
    for named in (case.path_parameters, case.query):
        for key in list(named or {}):
            if key in names:
                named[key] = pick(names[key], number)
    if case.operation.path == "/documents" and case.method.upper() == "POST":
        case.body = pick(KNOWN["documents"], number)
    lead(case.body, {**KNOWN["texts"], **KNOWN["textsOf"].get(operation, {})}, number)
    # What is replaced keeps its name, or nothing would be where the next request looks for it.
    last = case.operation.path.rsplit("/", 1)[-1].strip("{}")
    replaced = operation.startswith(("PUT ", "PATCH ")) and last in (case.path_parameters or {})
    if replaced and isinstance(case.body, dict) and "identifier" in case.body:
        case.body["identifier"] = case.path_parameters[last]
