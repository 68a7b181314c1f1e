"""One sentence of Python's docstrings, as plain text: what an editor shows of a function beside its parameters."""
import inspect
import re

import torch

SIGNATURE = re.compile(r"^\s*(\.\.|:math:`|[\w.]+\(.*\)\s*(->.*)?:?$)")
SYMBOLS = {
    "times": "×", "leq": "≤", "geq": "≥", "neq": "≠", "otimes": "⊗", "rightarrow": "→", "mu": "μ", "sigma": "σ", "beta": "β", "Phi": "Φ", "ast": "*",
    "lceil": "⌈", "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋", "left": "", "right": "", "shape": "shape",
}
WORDS = {"True": "true", "False": "false", "None": "null"}


def camel(name):
    return re.sub(r"(?<=[a-zA-Z0-9])_+([a-zA-Z0-9])", lambda m: m.group(1).upper(), name)


def plain(text):
    """TeX as a reader of a tooltip reads it."""
    if "\\" not in text and "{" not in text:
        return text
    text = text.replace("\\ ", "").replace("\\_", "_")
    if "{{" in text:
        text = text.replace("{{", "{").replace("}}", "}")
    text = re.sub(r"\\(?:text|texttt|mathbb)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: " / ".join(f"({side})" if " " in side else side for side in m.groups()), text)
    text = re.sub(r" ?\\frac (\w)", r" / \1", text)
    text = re.sub(r"\\([a-zA-Z]+) ?", lambda m: SYMBOLS.get(m.group(1), m.group(1)) + (" " if m.group(0).endswith(" ") and m.group(1) not in ("lceil", "lfloor", "left", "right") else ""), text)
    return re.sub(r" ([⌉⌋])", r"\1", re.sub(r"[{}]", "", text))


def sentence_of(documented):
    """The first sentence of a docstring, or of an object's, without its markup."""
    doc = documented if isinstance(documented, str) else inspect.getdoc(documented) or ""
    text = []
    for line in doc.strip().splitlines():
        if not line.strip():
            if text:
                break
            continue
        if SIGNATURE.match(line) and not text:
            continue
        text.append(line.strip())
    sentence = " ".join(text)
    sentence = re.sub(r":(?:class|func|attr|meth|math|ref|literal):`+~?([^`<]*?)(?:\s*<[^>]*>)?`+", r"\1", sentence)
    sentence = re.sub(r"``?([^`]*)``?", r"\1", sentence).replace("*/", "").replace(":math:", "")
    sentence = re.sub(r"\s*<https?:[^>]*>_*", "", sentence).removeprefix("- ")
    match = re.match(r"^(.*?[.])(?:\s|$)", sentence)
    sentence = plain((match.group(1) if match else sentence).strip())
    sentence = re.sub(r"\btorch\.[\w.]*\w", lambda m: camel(m.group(0)), sentence)
    sentence = re.sub(r"\b(?:True|False|None)\b", lambda m: WORDS[m.group(0)], sentence)
    sentence = sentence.removesuffix(":.").removesuffix(":")
    return sentence if sentence.endswith(".") else (sentence + "." if sentence else "")


def at(path):
    value = torch
    for part in path.split(".")[1:]:
        value = getattr(value, part, None)
    return value


def in_place(sentence):
    """What an operator says of its result, said of the tensor that it changes."""
    sentence = re.sub(r"^Returns a new tensor with (?:the )?", "the ", sentence)
    return "In place: " + (sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence)


def described(paths, depth=0):
    """What the first of these says of itself that says anything, at the place to which it may refer; an empty text where none does."""
    for path in paths:
        doc = inspect.getdoc(at(path)) if at(path) is not None else None
        sentence = sentence_of(doc or "")
        reference = re.match(r"(?:\w[\w.]*\(.*\).*\n+)*\s*(?:See|(?:In|Out-of)-place version of) :(?:func|meth):`~?\.?([\w.]+)", doc or "")
        if reference and depth < 3:
            inplace = "In-place version" in reference.group(0)
            target = reference.group(1)
            full = target if target.startswith("torch.") else f"torch.{target}"
            found = described([full], depth + 1)
            sentence = (in_place(found) if inplace else found) if found else sentence
        if sentence and not sentence.startswith("See "):
            return sentence
    name = paths[0].rpartition(".")[2]
    if name.endswith("_") and depth == 0:
        found = described([path.removesuffix("_") for path in paths], depth + 1)
        return in_place(found) if found else ""
    return ""
