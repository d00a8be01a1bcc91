#!/usr/bin/env python3
"""Fails where two headers define one name: which of the two a program gets would depend on what it includes.

Types, concepts, aliases and variables of any namespace are defined in one header. Specializations are not counted.
A function may have overloads in several headers if no call fits two of them. Two fit one call when they can take the
same number of arguments and each pair of parameters can take the same argument:

  - a parameter of a template parameter's own type takes anything (constraints may or may not tell them apart);
  - numbers take one another;
  - else the class templates or types must be the same, whatever their arguments.

Public functions are overload sets on purpose and are told apart by concepts: they are not looked at, only those of
boxlap::detail. Usage: one_definition.py <folder of headers>
"""
import itertools
import pathlib
import re
import sys

# name: why more than one header may define it
MEANT = {}

NUMBERS = set("""bool char short int long float double unsigned signed size_t Index uint8_t uint16_t uint32_t uint64_t
                 int8_t int16_t int32_t int64_t""".split())
NOT_A_TYPE = set("const constexpr volatile inline static typename struct class enum std boxlap detail".split())

TOKEN = re.compile(r"""[A-Za-z_]\w*|\d[\w.']*|::|->|\[\[|\]\]|&&|[^\s\w]""")
COMMENT_OR_TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\\n])+'(?!\w)""", re.S)


def tokens_of(text):
    """(token, line) pairs without comments, texts and preprocessor lines."""
    text = COMMENT_OR_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M)
    line_ends = [m.start() for m in re.finditer("\n", text)]
    line = 0
    for m in TOKEN.finditer(text):
        while line < len(line_ends) and line_ends[line] < m.start():
            line += 1
        yield m[0], line + 1


def declarations(tokens):
    """Yields (namespace, tokens up to the body or the semicolon, whether there is a body) at namespace scope."""
    scopes, current, depth = [], [], 0
    tokens = list(tokens)
    i = 0
    while i < len(tokens):
        token = tokens[i][0]
        if depth == 0 and token == "namespace" and [t for t, _ in current] in ([], ["inline"]):
            name = []
            inlined, current = bool(current), []
            i += 1
            while tokens[i][0] != "{":
                name.append(tokens[i][0])
                i += 1
            scopes.append("" if inlined else "".join(name))
        elif depth == 0 and token == "}" and not current:
            scopes.pop()
        elif depth == 0 and token == ";":
            if current:
                yield "::".join(filter(None, scopes)), current, False
            current = []
        elif depth == 0 and token == "{" and not within_parentheses(current):
            body = i
            nested = 1
            while nested > 0:
                i += 1
                nested += {"{": 1, "}": -1}.get(tokens[i][0], 0)
            following = tokens[i + 1][0] if i + 1 < len(tokens) else ""
            words = [t for t, _ in current]
            if "requires" in words and following in ("||", "&&", "|", "&") or ends_in_requires(words):
                current += tokens[body:i + 1]  # a requires-expression: the declaration goes on
            else:
                yield "::".join(filter(None, scopes)), current, True
                current = []
        else:
            current.append(tokens[i])
        i += 1


def within_parentheses(current):
    return sum({"(": 1, ")": -1}.get(t, 0) for t, _ in current) > 0


def ends_in_requires(words):
    """Whether the last thing said is `requires` or `requires (...)` of a requires-expression within a clause."""
    if words and words[-1] == "requires":
        return True
    if not words or words[-1] != ")":
        return False
    depth = 0
    for k in range(len(words) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(words[k], 0)
        if depth == 0:
            return k > 0 and words[k - 1] == "requires" and k > 1 and words[k - 2] in ("&&", "||", "requires", "=", ">")
    return False


def skip_bracketed(words, k, opens, closes):
    """The position behind the bracket that opens at k."""
    depth = 0
    while k < len(words):
        depth += (words[k] == opens) - (words[k] == closes)
        if words[k] == "(" and opens != "(":
            k = skip_bracketed(words, k, "(", ")")
            continue
        k += 1
        if depth == 0:
            break
    return k


def split(words, separator=","):
    """The parts between separators that are in no bracket."""
    parts, depth = [[]], 0
    for word in words:
        depth += {"(": 1, "[": 1, "{": 1, "<": 1, "[[": 1, ")": -1, "]": -1, "}": -1, ">": -1, "]]": -1}.get(word, 0)
        if word == separator and depth == 0:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def without_header(words):
    """(the declaration without template<...>, requires-clauses and attributes before its name, template parameters)."""
    parameters = []
    k = 0
    while k < len(words):
        if words[k] == "template":
            end = skip_bracketed(words, k + 1, "<", ">")
            for parameter in split(words[k + 2:end - 1]):
                parameters.append(split(parameter, "=")[0][-1])
            k = end
        elif words[k] == "requires":
            k += 1
            while k < len(words):  # one operand of && and || after another
                while words[k] == "!":
                    k += 1
                if words[k] == "requires":
                    k += 1
                    if words[k] == "(":
                        k = skip_bracketed(words, k, "(", ")")
                    k = skip_bracketed(words, k, "{", "}")
                elif words[k] == "(":
                    k = skip_bracketed(words, k, "(", ")")
                else:
                    while k + 1 < len(words) and words[k + 1] == "::":
                        k += 2
                    k += 1
                    if k < len(words) and words[k] == "<":
                        k = skip_bracketed(words, k, "<", ">")
                if k < len(words) and words[k] in ("&&", "||"):
                    k += 1
                else:
                    break
        elif words[k] == "[[":
            while words[k] != "]]":
                k += 1
            k += 1
        else:
            break
    return words[k:], parameters


def head_of(parameter, template_parameters):
    """What tells a parameter's type from another: '*' takes anything, '#' any number, else its class."""
    words = split(parameter, "=")[0]
    names, k = [], 0
    while k < len(words):
        if words[k] == "<":
            k = skip_bracketed(words, k, "<", ">")
            continue
        if re.match(r"[A-Za-z_]", words[k]) and words[k] not in NOT_A_TYPE:
            names.append(words[k])
        k += 1
    if "..." in words or not names or "auto" in names:
        return "*"
    name = names[0]
    if name in template_parameters:
        return "*"
    if name in NUMBERS:
        return "#*" if "*" in words else "#"
    return name + ("*" if "*" in words else "")


class Definition:
    def __init__(self, file, line, namespace, kind, name):
        self.place = f"{file}:{line}"
        self.file, self.namespace, self.kind, self.name = file, namespace, kind, name
        self.fewest = 0  # arguments
        self.heads = []

    def fits_a_call_of(self, other):
        def head(definition, k):
            heads = definition.heads
            if k < len(heads):
                return heads[k]
            return "*" if heads and heads[-1] == "*..." else None

        longest = max(len(self.heads), len(other.heads))
        for count in range(max(self.fewest, other.fewest), longest + 1):
            pairs = [(head(self, k), head(other, k)) for k in range(count)]
            if any(a is None or b is None for a, b in pairs):
                return False
            if all(a == b or a.startswith("*") or b.startswith("*") for a, b in pairs):
                return True
        return False


def definition_of(file, namespace, declared, has_body):
    line = declared[0][1]
    words, template_parameters = without_header([t for t, _ in declared])
    if not words or words[0] in ("using", "static_assert", "friend", "extern") and words[1:2] == ["namespace"]:
        return None
    if words[0] == "static_assert" or words == ["extern"]:
        return None

    def made(kind, name):
        place = next((l for t, l in declared if t == name), line)
        return Definition(file, place, namespace, kind, name)

    if words[0] == "concept":
        return made("concept", words[1])
    if words[0] == "using":
        return made("alias", words[1]) if len(words) > 2 and words[2] == "=" else None
    if words[0] in ("struct", "class", "enum", "union"):
        if not has_body:
            return None
        k = 1
        while words[k] in ("class", "struct", "alignas", "[["):
            if words[k] == "alignas":
                k = skip_bracketed(words, k + 1, "(", ")")
            elif words[k] == "[[":
                k = words.index("]]", k) + 1
            else:
                k += 1
        if words[k + 1:k + 2] == ["<"]:
            return None  # a specialization
        return made("type", words[k])
    # A function or a variable: the name is before the first parenthesis, or before '=' or the body.
    k, previous = 0, None
    while k < len(words):
        word = words[k]
        if word == "[[":
            k = words.index("]]", k) + 1
            continue
        if word == "<" and previous and re.match(r"[A-Za-z_]", previous):
            k = skip_bracketed(words, k, "<", ">")
            if k == len(words) or words[k] == "=":
                return None  # a specialization of a variable
            previous = None if words[k:k + 1] == ["::"] else previous
            continue
        if word in ("decltype", "alignas", "explicit", "noexcept") and words[k + 1:k + 2] == ["("]:
            k = skip_bracketed(words, k + 1, "(", ")")
            continue
        if word == "requires":
            k = len(words)
            break
        if word == "(":
            if previous == "auto" or previous is None:
                return None
            if words[k - 1] == ">" or "->" in words[:k]:
                return None  # a deduction guide or a specialization
            definition = made("function", previous)
            end = skip_bracketed(words, k, "(", ")")
            if not has_body and "=" not in words[end:]:
                return None  # a declaration
            parameters = [p for p in split(words[k + 1:end - 1]) if p != ["void"]]
            definition.heads = [head_of(p, template_parameters) + ("..." if "..." in p else "") for p in parameters]
            definition.fewest = sum(1 for p in parameters if "=" not in p and "..." not in p)
            return definition
        if word == "=":
            break
        if word in ("operator",):
            return None
        if re.match(r"[A-Za-z_]", word):
            previous = word
        k += 1
    if previous is None:
        return None
    if "->" in words:
        return None
    return made("variable", previous)


def main(folder):
    folder = pathlib.Path(folder)
    by_name = {}
    headers = sorted(folder.rglob("*.hpp"))
    count = 0
    for header in headers:
        for namespace, declared, has_body in declarations(tokens_of(header.read_text())):
            definition = definition_of(header.relative_to(folder.parent), namespace, declared, has_body)
            if definition is not None:
                count += 1
                by_name.setdefault((namespace, definition.name), []).append(definition)
    broken = 0
    for (namespace, name), definitions in sorted(by_name.items()):
        for a, b in itertools.combinations(definitions, 2):
            if a.file == b.file or name in MEANT:
                continue
            functions = a.kind == b.kind == "function"
            if functions and (not namespace.endswith("detail") or not a.fits_a_call_of(b)):
                continue
            print(f"{a.place}: {namespace}::{name} is defined here, and in\n{b.place}: too" +
                  (", and a call fits both" if functions else ""))
            broken += 1
    print(f"{len(headers)} headers, {count} definitions, {len(by_name)} names, {broken} defined twice")
    if count < 500:
        print("too few definitions: the headers were not read as they should be")
    return broken == 0 and count >= 500


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
