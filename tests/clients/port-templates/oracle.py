"""Renders Port's templates with the real jq, a line of JSON for each: {"template", "context"} gives {"value"} or {"error"}.

Written from the rules in docs/reference/compat-port.md, apart from the Rust code: programs are found by a walk over UTF-16
units, as JavaScript counts. The first line that is written names the version of jq.
"""

import json
import re
import sys

import jq

UNDEFINED = object()
# White space as JavaScript's.
BLANK = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
QUOTES = re.compile(rf"""(\A|[{BLANK}])'(?![{BLANK}]|")|(?<![{BLANK}"])'([{BLANK}]|\Z)""")
SPREAD = re.compile(rf"\{{\{{[{BLANK}]*spreadValue\([{BLANK}]*\)[{BLANK}]*\}}\}}")
STRIP = "".join(chr(c) for c in [9, 10, 11, 12, 13, 32, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF])


class Wrong(Exception):
    pass


def run(program, context):
    doubled = QUOTES.sub(lambda m: f'{m.group(1) or ""}"{m.group(2) or ""}', program)
    try:
        for output in iter(jq.compile("def env: {}; {} as $ENV | " + doubled).input_value(context)):
            return output
        return UNDEFINED
    except (ValueError, StopIteration):
        return None


def units(text):
    data = text.encode("utf-16-le", "surrogatepass")
    return [data[i : i + 2] for i in range(0, len(data), 2)]


def text_of(part):
    return b"".join(part).decode("utf-16-le", "surrogatepass")


def blocks(text):
    chars = [text_of([u]) if not 0xD8 <= u[1] <= 0xDF else "?" for u in units(text)]
    quote, start, found, i = None, None, [], 0
    while i < len(chars):
        c, before = chars[i], chars[i - 1] if i else ""
        after = chars[i + 1] if i + 1 < len(chars) else ""
        if start is not None and c == "\\":
            i += 2
            continue
        if start is not None and c in "\"'":
            quote = c if quote is None else None if quote == c else quote
        elif quote is None and c == "{" and before == "{":
            if start is not None:
                raise Wrong(f"Found double braces in index {i - 1} inside other one in index {start - 2}")
            start = i + 1
            i += after == "{"
        elif quote is None and c == "}" and before == "}":
            if start is None:
                raise Wrong(f"Found closing double braces in index {i - 1} without opening double braces")
            found.append((start, i - 1))
            start = None
            i += after == "}"
        i += 1
    if start is not None:
        raise Wrong(f"Found opening double braces in index {start - 2} without closing double braces")
    return found


def number(value):
    """Number.prototype.toString"""
    value = float(value)
    if value != value or value in (float("inf"), float("-inf")):
        return "null"
    if value == 0:
        return "0"
    sign, value = ("-", -value) if value < 0 else ("", value)
    mantissa, exponent = f"{value!r}", 0
    if "e" in mantissa:
        mantissa, exponent = mantissa.split("e")
    whole, _, rest = mantissa.partition(".")
    digits = (whole + rest).lstrip("0")
    point = len(whole) + int(exponent) - (len(whole + rest) - len((whole + rest).lstrip("0")))
    digits = digits.rstrip("0") or "0"
    k, n = len(digits), point
    if k <= n <= 21:
        out = digits + "0" * (n - k)
    elif 0 < n <= 21:
        out = digits[:n] + "." + digits[n:]
    elif -6 < n <= 0:
        out = "0." + "0" * -n + digits
    else:
        e = n - 1
        out = digits[0] + ("." + digits[1:] if k > 1 else "") + f"e{'+' if e >= 0 else '-'}{abs(e)}"
    return sign + out


def stringify(value):
    if value is UNDEFINED:
        return "undefined"
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, list):
        return "[" + ",".join(stringify(v) for v in value) + "]"
    return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + stringify(v) for k, v in value.items()) + "}"


def render_text(text, context):
    found = blocks(text)
    if not found:
        return text
    all_units = units(text)
    stripped = text.strip(STRIP)
    if len(found) == 1 and stripped.startswith("{{") and stripped.endswith("}}"):
        return run(text_of(all_units[found[0][0] : found[0][1]]), context)
    out = text_of(all_units[: found[0][0] - 2])
    for at, (start, end) in enumerate(found):
        result = run(text_of(all_units[start:end]), context)
        out += result if isinstance(result, str) else stringify(result)
        upto = found[at + 1][0] - 2 if at + 1 < len(found) else len(all_units)
        out += text_of(all_units[end + 2 : upto])
    return out


def render(template, context):
    if isinstance(template, str):
        return render_text(template, context)
    if isinstance(template, list):
        return [None if (v := render(item, context)) is UNDEFINED else v for item in template]
    if not isinstance(template, dict):
        return template
    out = {}
    for key, value in template.items():
        if SPREAD.fullmatch(key.strip(STRIP)):
            spread = render(value, context)
            if isinstance(spread, list):
                spread = {str(at): item for at, item in enumerate(spread)}
            if not isinstance(spread, dict):
                raise Wrong(f"Evaluated value should be an object if the key is {key}")
            out.update(spread)
            continue
        name = render_text(key, context)
        if name is not UNDEFINED and name is not None and not isinstance(name, str):
            raise Wrong(f"Evaluated object key should be undefined, null or string. Original key: {key}, evaluated to: {stringify(name)}")
        if name is UNDEFINED or not name:
            continue
        rendered = render(value, context)
        if rendered is not UNDEFINED:
            out[name] = rendered
    return out


print(jq.first('[have_literal_numbers, ("a" | trimstr("a"))]', None) == [True, ""] and "true" or "false", flush=True)
for line in sys.stdin:
    case = json.loads(line)
    try:
        value = render(case["template"], case["context"])
        answer = {"value": None if value is UNDEFINED else value}
    except Wrong as wrong:
        answer = {"error": str(wrong)}
    print(json.dumps(answer), flush=False)
