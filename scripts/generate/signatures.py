"""Writes src/torch/generated/declared/ from the signatures of the functions and classes that torch implements in Python.

Order, names, defaults and annotations come from inspect.signature and from torch/nn/functional.pyi; corrections.py mends what those leave out.
A function gets a public form where a body for it stands in the sources; a class gets a base with its constructor, its fields and the
type of its forward.
"""
import ast
import inspect
import json
import pathlib
import re
import sys

import torch
from torch._jit_internal import boolean_dispatched

from corrections import FLAGGED_RESULTS, METHODS, RESULTS, TYPES
from corrections import KINDS as CORRECTIONS
from corrections import LEAST
from docstrings import sentence_of

SOURCES = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src/torch")
TARGET = SOURCES / "generated" / "declared"
# Parameters that are deprecated, private, or meaningless here.
LEFT_OUT = {"size_average", "reduce", "_stacklevel", "out", "_weight", "_freeze"}
LEFT_OUT_OF = {("linear_cross_entropy", "options"), ("Hardtanh", "min_value"), ("Hardtanh", "max_value"),
               ("backward", "grad_variables"), ("grad", "only_inputs"), ("grad", "is_grads_batched"), ("named_modules", "memo"), ("load_state_dict", "state_dict"),
               ("register_forward_hook", "with_kwargs"), ("register_forward_hook", "always_call"), ("register_forward_pre_hook", "with_kwargs")}
# Left out between others: what follows would have another position than in Python, and is given by name.
GAPS = {("grad", "only_inputs")}
# The names that the operators of the same name use.
RENAMED_OF = {("split", "tensor"): "input", ("lu", "A"): "input"}
RENAMED = {"var": "variance", "_random_samples": "random_samples", "T_max": "t_max", "T_0": "t_0", "T_mult": "t_mult"}
NAMES = {
    "Tensor": "T", "Parameter": "T", "int": "i", "float": "f", "bool": "b", "str": "s", "dtype": "d", "DType": "d", "_dtype": "d", "device": "v",
    "Generator": "g", "memory_format": "m", "Any": "*", "Callable": "c", "Size": "i[]", "_size": "i|i[]", "_size_any_t": "i|i[]",
    "_ratio_any_t": "f|f[]", "_size_2_t": "i|i[=2]", "_size_3_t": "i|i[=3]",
}
# The tables written by hand, whose rows must all be needed.
TABLES = {"KINDS": CORRECTIONS, "LEAST": LEAST, "TYPES": TYPES, "RESULTS": RESULTS, "FLAGGED_RESULTS": FLAGGED_RESULTS, "METHODS": METHODS,
          "LEFT_OUT": LEFT_OUT, "LEFT_OUT_OF": LEFT_OUT_OF, "GAPS": GAPS, "RENAMED_OF": RENAMED_OF, "RENAMED": RENAMED}
# The rows of these tables and of corrections.py that changed something.
used = set()


def camel(name):
    return re.sub(r"(?<=[a-zA-Z0-9])_+([a-zA-Z0-9])", lambda m: m.group(1).upper(), name)


def public(name):
    return camel(RENAMED.get(name, name))


def text_of(annotation):
    if annotation is inspect.Parameter.empty:
        return None
    text = annotation if isinstance(annotation, str) else annotation.__name__ if isinstance(annotation, type) and not str(annotation).startswith("list[") and "[" not in str(annotation) else str(annotation)
    return re.sub(r"(?:torch|typing|collections|abc|nn|_C|optim|optimizer|parameter|lr_scheduler|modules|module)\.", "", text)


class Kinds:
    """The alternatives of an annotation as kinds, and whether None is one."""

    def __init__(self):
        self.codes, self.optional = [], False

    def add(self, code):
        if code not in self.codes:
            self.codes.append(code)

    def code(self):
        codes = [c for c in self.codes if not (c == "i" and "f" in self.codes) and not (c == "T" and "p" in self.codes)]
        return "|".join(codes or ["*"]) + ("?" if self.optional else "")


def kinds_of(node, kinds):
    if isinstance(node, ast.BinOp):
        kinds_of(node.left, kinds)
        kinds_of(node.right, kinds)
    elif isinstance(node, ast.Constant):
        if node.value is None:
            kinds.optional = True
        else:
            kinds_of(ast.parse(node.value, mode="eval").body, kinds)
    elif isinstance(node, ast.Name):
        if node.id in ("NoneType", "None"):
            kinds.optional = True
        else:
            kinds.add(NAMES.get(node.id, "o"))
    elif isinstance(node, ast.Subscript):
        subscript(node, kinds)
    else:
        kinds.add("o")
    return kinds


def subscript(node, kinds):
    head = node.value.id if isinstance(node.value, ast.Name) else "object"
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if head in ("Union", "Optional"):
        for item in items:
            kinds_of(item, kinds)
        kinds.optional = kinds.optional or head == "Optional"
    elif head == "Literal":
        kinds.add("b" if isinstance(items[0].value, bool) else "(" + "|".join(camel(item.value) for item in items) + ")")
    elif head == "Callable":
        kinds.add("c")
    elif head in ("tuple", "list", "Sequence", "Iterable"):
        inner = kinds_of(items[0], Kinds())
        # An element with several alternatives becomes the widest number, or anything.
        codes = [c for c in inner.codes if c != "T"] or inner.codes
        code = "f" if set(codes) == {"i", "f"} else codes[0] if len(codes) == 1 and len(codes[0]) == 1 else "*"
        exact = head == "tuple" and not (isinstance(items[-1], ast.Constant) and items[-1].value is Ellipsis)
        size = f"={len(items)}" if exact else ""
        if head == "Iterable" and code == "T":
            kinds.add("p")
        else:
            kinds.add(f"{code}{'?' if inner.optional else ''}[{size}]")
    else:
        kinds.add("o")


def declared_kind(owner, name, annotation, default, family=None):
    text = text_of(annotation)
    found = None
    if text is not None:
        found = kinds_of(ast.parse(text, mode="eval").body, Kinds()).code()
        if default is None and not found.endswith("?"):
            found += "?"
    code = found
    # From the general row to the row of this owner; each row must change the previous kind, else it is not needed.
    for key in (name, f"{family}.{name}", f"{owner}.{name}"):
        corrected = CORRECTIONS.get(key, code)
        if corrected != code:
            used.add(("KINDS", key))
        code = corrected
    if code is not None:
        return code
    return found if found is not None else "*" + ("?" if default is None else "")


def stored_kind(cls, parameter, code):
    """The kind of a class's argument: with its minimum, and repeated if the class stores a single number as a tuple."""
    if parameter.name in LEAST and not (parameter.name == "padding" and re.search(r"Pad\dd$", cls.__name__)):
        bounded = re.sub(r"(?<![a-z])i(?=$|[|?[])", f"i<{LEAST[parameter.name]}..>", code)
        if bounded != code:
            used.add(("LEAST", parameter.name))
        code = bounded
    annotation = next((c.__annotations__[parameter.name] for c in cls.__mro__ if parameter.name in c.__dict__.get("__annotations__", {})), None)
    text = text_of(annotation) if annotation is not None else None
    if text is None:
        return code
    stored = kinds_of(ast.parse(text, mode="eval").body, Kinds()).codes
    exact = next((kind for kind in stored if kind.startswith("i[=")), None)
    if exact is not None:
        code = code.replace("[]", exact[1:])
    if "i" in stored or not any(kind.startswith("i[") for kind in stored):
        return code
    return re.sub(r"(i(?:<[^>]*>)?)\|\1\[=?(\d*)\]", r"\1[*\2]", code)


class Parameter:
    def __init__(self, owner, parameter, annotation, family=None, cls=None):
        self.python = parameter.name
        self.saved = RENAMED_OF.get((owner, parameter.name), RENAMED.get(parameter.name, parameter.name))
        self.name = camel(self.saved)
        self.keyword_only = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        self.required = parameter.default is inspect.Parameter.empty
        default = None if self.required else parameter.default
        self.code = declared_kind(owner, parameter.name, annotation, ... if self.required else default, family)
        if cls is not None and family is None:
            self.code = stored_kind(cls, parameter, self.code)
        if isinstance(default, str) and f"|{default}|" not in re.sub(r"[()]", "|", self.code) and self.code.startswith("("):
            default = camel(default)
        if callable(default) or isinstance(default, torch.dtype):
            default = None
        self.default = default
        self.type = TYPES.get(parameter.name)
        if self.type is not None:
            used.add(("TYPES", parameter.name))
        if self.saved != parameter.name:
            used.add(("RENAMED_OF", (owner, parameter.name)) if (owner, parameter.name) in RENAMED_OF else ("RENAMED", parameter.name))

    def field(self):
        return f"{self.saved}:{self.code}" + ("" if self.required else f"={json.dumps(self.default)}")

    def given(self):
        text = self.type_of(True)
        if self.code.startswith("d") and not self.required:
            # Without undefined: a misspelt constant such as torch.longg is undefined and must not mean the default.
            return text if "null" in text else f"{text} | null"
        return text if self.required and "null" in text or self.required else f"{text} | null | undefined" if "null" not in text else f"{text} | undefined"

    def received(self):
        return self.type_of(False)

    def type_of(self, given):
        if self.type is None:
            return type_of(self.code, given)
        return f"({self.type}) | null" if self.code.endswith("?") else self.type

    def shown_default(self):
        return "" if self.required else "null" if self.default is None else re.sub(r"(\d)\.0\b", r"\1", json.dumps(self.default)).replace('"', "'")

    def property(self, optional_form=True):
        doc = "" if self.required else f"/** Default {self.shown_default()}. */ "
        return f"{doc}{self.name}{'' if self.required else '?'}: {self.given()}"


SIMPLE = {"T": "Tensor", "S": "Scalar", "f": "number", "b": "boolean", "s": "string", "d": "DType", "v": "Device", "m": "MemoryFormat", "l": "Layout",
          "g": "Generator", "c": "(...args: never[]) => unknown", "o": "object", "*": "unknown", "p": "Tensor | Iterable<Tensor>"}


def split_top(text):
    parts, depth, start = [], 0, 0
    for i, character in enumerate(text + "|"):
        if character in "([<":
            depth += 1
        elif character in ")]>":
            depth -= 1
        elif character == "|" and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return parts


def type_of(code, given):
    optional = code.endswith("?")
    parts = []
    for part in split_top(code[:-1] if optional else code):
        if part.startswith("("):
            parts += [f"'{word}'" for word in part[1:-1].split("|")]
            continue
        match = re.match(r"^(\S)(?:<[^>]*>)?(\?)?(?:\[([=*]?\d*)\])?$", part)
        letter, nulls, size = match.groups()
        element = ("Int" if given else "number") if letter == "i" else "DTypeLike" if letter == "d" and given else "Tensor[]" if letter == "p" and not given else SIMPLE[letter]
        if size is None:
            parts.append(f"({element})" if "=>" in element else element)
            continue
        element = f"{element} | null" if nulls else element
        wrapped = f"({element})" if " " in element else element
        if size.startswith("*") and given:
            parts.append(element)
        parts.append(f"readonly [{', '.join([element] * int(size[1:]))}]" if size[:1] in ("=", "*") and size[1:] else f"readonly {wrapped}[]")
    text = " | ".join(dict.fromkeys(parts))
    return f"{text} | null" if optional and text != "unknown" else text


class Signature:
    def __init__(self, name, function, annotations=None, family=None):
        self.python = name
        self.name = public(name)
        signature = inspect.signature(function)
        self.parameters = []
        gap = False
        for parameter in signature.parameters.values():
            if (name, parameter.name) in GAPS:
                gap = True
                used.add(("GAPS", (name, parameter.name)))
            if parameter.name in LEFT_OUT:
                used.add(("LEFT_OUT", parameter.name))
            elif (name, parameter.name) in LEFT_OUT_OF:
                used.add(("LEFT_OUT_OF", (name, parameter.name)))
            if parameter.name == "self" or parameter.name in LEFT_OUT or (name, parameter.name) in LEFT_OUT_OF:
                continue
            if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                continue
            annotation = (annotations or {}).get(parameter.name, parameter.annotation)
            if gap:
                parameter = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            self.parameters.append(Parameter(name, parameter, annotation, family, function if inspect.isclass(function) else None))
        self.returns = text_of(signature.return_annotation)

    def fields(self):
        fields, starred = [], False
        for parameter in self.parameters:
            if parameter.keyword_only and not starred:
                fields.append("*")
                starred = True
            fields.append(parameter.field())
        return ", ".join("'" + field.replace("'", "\\'") + "'" for field in fields)

    def arguments(self, suffix="Arguments"):
        rows = "\n".join(f"readonly {p.name}: {p.received()}" for p in self.parameters)
        return f"/** What the body of `{self.name}` receives. */\nexport interface {upper(self.name)}{suffix} {{\n{rows}\n}}"

    def given(self):
        rows = "\n".join(p.property() for p in self.parameters)
        return f"export interface {upper(self.name)}Named {{\n{rows}\n}}"

    def forms(self):
        """The parameter lists: all by position, then each number of positional parameters with the rest in a last object."""
        positional = [p for p in self.parameters if not p.keyword_only]
        named = f"{upper(self.name)}Named"
        forms = []
        keyword_required = any(p.required and p.keyword_only for p in self.parameters)
        if not keyword_required:
            forms.append(self.positional(positional))
        if self.parameters:
            for count in range(len(positional) - (0 if any(p.keyword_only for p in self.parameters) else 1), -1, -1):
                omitted = " | ".join(f"'{p.name}'" for p in positional[:count])
                rest = positional[count:] + [p for p in self.parameters if p.keyword_only]
                options = f"Omit<{named}, {omitted}>" if omitted else named
                mark = "?" if not any(p.required for p in rest) and keyword_required else ""
                forms.append(", ".join([f"{p.name}: {p.given()}" for p in positional[:count]] + [f"options{mark}: {options}"]))
        return forms

    @staticmethod
    def positional(parameters):
        parts = []
        for i, p in enumerate(parameters):
            text = p.given()
            optional = all(not q.required for q in parameters[i:])
            parts.append(f"{p.name}?: {text.removesuffix(' | undefined')}" if optional else f"{p.name}: {text}")
        return ", ".join(parts)

    def parameter_docs(self):
        return [f"@param {p.name} - Default {p.shown_default()}." for p in self.parameters if not p.required]


def upper(name):
    return name[:1].upper() + name[1:]


def doc(lines):
    return "/**\n" + "\n".join(f" * {line}".rstrip() for line in lines) + "\n */"


BODY = re.compile(r"(?:(/\*\*(?:(?!\*/)[\s\S])*\*/)\n)?export function (\w+)\((?=\{|[^()]*Arguments\b)")


def bodies_in(folder_or_file):
    """The hand-written bodies by name: (file, docstring lines)."""
    paths = sorted(folder_or_file.glob("*.ts")) if folder_or_file.is_dir() else [folder_or_file] if folder_or_file.exists() else []
    found = {}
    for path in paths:
        for match in BODY.finditer(path.read_text()):
            comment = match.group(1)
            lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment[3:-2].strip("\n").split("\n")] if comment else []
            found[match.group(2)] = (path, [line for line in lines if line.strip() or lines.index(line) not in (0, len(lines) - 1)])
    return found


HEADER = "// Generated by scripts/generate/signatures.py from torch's own signatures: do not edit.\n/* eslint-disable */\n"


def type_imports(text, depth):
    up = "../" * depth
    rows = []
    scalars = [n for n in ("Device", "DType", "DTypeLike", "Int", "Layout", "MemoryFormat", "Scalar") if re.search(rf"\b{n}\b", text)]
    if scalars:
        rows.append(f"import type {{ {', '.join(scalars)} }} from '{up}tensor/dtype'")
    if re.search(r"\bGenerator\b", text):
        rows.append(f"import type {{ Generator }} from '{up}random'")
    if re.search(r"\bTensor\b", text):
        rows.append(f"import type {{ Tensor }} from '{up}tensor/tensor'")
    return rows


def write(name, imports, text):
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / name).write_text(HEADER + "\n".join(type_imports(text, 2) + imports) + "\n\n" + text)


def result_of(signature, body_name):
    text = signature.returns
    if text is None or text in ("None", "NoneType"):
        return "void" if text is not None else "Tensor"
    if text.startswith("tuple[Tensor"):
        count = text.count("Tensor")
        if "..." in text:
            return "Tensor[]"
        return "[" + ", ".join((["Tensor"] * (count - 1)) + ["Tensor | null" if "None" in text else "Tensor"]) + "]"
    if text in ("float", "int"):
        return "number"
    return "Tensor" if "Tensor" in text else "Tensor"


def declared_result(signature, body_name):
    derived = result_of(signature, body_name)
    result = RESULTS.get(signature.python, derived)
    if result != derived:
        used.add(("RESULTS", signature.python))
    return result


def python_functions(module):
    for name in sorted(set(dir(module)) | set()):
        function = getattr(module, name)
        if name.startswith("_") or inspect.isclass(function) or not callable(function):
            continue
        if getattr(function, "__module__", "") not in (module.__name__, "torch._jit_internal") and function not in boolean_dispatched and not getattr(function, "__module__", "").startswith("torch.nn.utils"):
            continue
        yield name, function


def pyi_annotations(module):
    path = pathlib.Path(module.__file__).with_suffix(".pyi")
    found = {}
    if path.exists():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
                found[node.name] = {a.arg: ast.unparse(a.annotation) for a in arguments if a.annotation is not None}
    return found


def functions(module, bodies_at, file, page):
    """The public functions of one module that have a body."""
    bodies = bodies_in(SOURCES / bodies_at)
    annotations = pyi_annotations(module)
    arguments, members, files, methods = [], [], {}, []
    for name, function in python_functions(module):
        public_name = public(name)
        dispatched = boolean_dispatched.get(function)
        source = function
        while dispatched is not None:
            source = dispatched["if_true"]
            flag = public(dispatched["arg_name"])
            inner = boolean_dispatched.get(source)
            if inner is None:
                break
            dispatched = inner
        notes = annotations.get(source.__name__) or annotations.get(name) or {}
        try:
            signature = Signature(name, source, notes)
        except ValueError:
            continue
        if public_name not in bodies:
            continue
        path, lines = bodies[public_name]
        files.setdefault(path, []).append(public_name)
        arguments.append("\n".join([signature.arguments(), signature.given(), f"/** @internal */\nexport const {public_name} = declared<{upper(public_name)}Arguments>('{public_name}', {signature.fields()})"]))
        lines = lines or [sentence_of(function), "", f"@see https://docs.pytorch.org/docs/stable/generated/{page}.{name}.html"]
        members.append(function_member(signature, public_name, lines, boolean_dispatched.get(function)))
        if module is torch.functional and name in METHODS:
            used.add(("METHODS", name))
            methods.append((public_name, path, method_member(signature, public_name, lines)))
    stem = file.removesuffix(".ts")
    write(f"{stem}-signatures.ts", ["import { declared } from '../../call/declared'"], "\n\n".join(arguments) + "\n")
    write(file, imports_of(stem, files), "\n\n".join(members) + "\n")
    if methods:
        own = {}
        for name, path, _ in methods:
            own.setdefault(path, []).append(name)
        imports = ["import { TensorMethods } from '../methods'", *imports_of(stem, own)]
        body = "\n\n".join(member for _, _, member in methods)
        write(f"{stem}-methods.ts", imports, f"/** Methods of Tensor that are functions which Python writes in Python. */\nexport abstract class FunctionalMethods extends TensorMethods {{\n{body}\n}}\n")


def imports_of(stem, files):
    imports = [f"import type * as named from './{stem}-signatures'", f"import * as signatures from './{stem}-signatures'", "import { read } from '../../call/declared'"]
    for path, names in files.items():
        relative = path.relative_to(SOURCES).with_suffix("")
        aliases = ", ".join(f"{n} as {n}_" for n in sorted(names))
        imports.append(f"import {{ {aliases} }} from '../../{relative}'")
    return imports


def function_member(signature, name, lines, dispatched):
    result = declared_result(signature, name)
    flags, flagged = FLAGGED_RESULTS.get(signature.python, ((), ""))
    if flags and flagged != result:
        used.add(("FLAGGED_RESULTS", signature.python))
    if not flags and dispatched is not None:
        flags, flagged, result = (public(dispatched["arg_name"]),), "[output: Tensor, indices: Tensor]", "Tensor"
    rows = form_rows(signature, lines, signature.forms(), lambda form, result: f"export function {name}({form}): {result}", flags, flagged, result)
    rows.append(f"export function {name}(...given: unknown[]): unknown {{\nreturn {name}_(read(signatures.{name}, given))\n}}")
    return "\n".join(rows)


def form_rows(signature, lines, forms, declaration, flags, flagged, result):
    """One declaration for each form, the first with the whole docstring; if a flag changes the result, one more before it."""
    forms = [re.sub(r"(?<![\w.'])(\w+Named)\b", r"named.\1", form) for form in forms]
    example = next((i for i, line in enumerate(lines) if line.startswith("@")), len(lines))
    head = lines[:example]
    while head and not head[-1].strip():
        head.pop()
    tail = lines[example:]
    while tail and not tail[-1].strip():
        tail.pop()
    full = [*head, "", *signature.parameter_docs(), *tail]
    short = f"/** {head[0].strip()} */" if head else ""
    rows = []
    for i, form in enumerate(forms):
        rows.append(doc(full) if i == 0 else short)
        if flags and i > 0 and "options" in form:
            alternatives = " | ".join(f"{{ readonly {flag}: true }}" for flag in flags)
            extra = f"({alternatives})" if len(flags) > 1 else alternatives
            marked = re.sub(r"options\??: (.*)$", rf"options: \1 & {extra}", form)
            rows += [declaration(marked, flagged), short]
        rows.append(declaration(form, result))
    return rows


def method_member(signature, name, lines):
    """A function of torch as a method of Tensor: its first argument is the receiver."""
    first = signature.parameters[0].name
    forms = []
    for form in signature.forms():
        if not form.startswith(f"{first}: Tensor"):
            continue
        forms.append(form.removeprefix(f"{first}: Tensor").removeprefix(", "))
    flags, flagged = FLAGGED_RESULTS.get(signature.python, ((), ""))
    result = declared_result(signature, name)
    rows = form_rows(signature, lines, forms, lambda form, result: f"{name}({form}): {result}", flags, flagged, result)
    rows.append(f"{name}(...given: unknown[]): unknown {{\nreturn {name}_(read(signatures.{name}, [this, ...given]))\n}}")
    return "\n".join(rows)


# Arguments that a layer stores under another name or in another form.
NOT_FIELDS = {"device", "dtype", "bias", "_weight", "_freeze", "_random_samples"}


# The hand-written interface with the names of the weights, which a layer's type extends instead of Layer.
BASES = {r"Conv|Linear$|Bilinear$": "WeightedLayer", r"(Layer|Group)Norm$": "AffineLayer", r"RMSNorm$": "ScaledLayer",
         r"(Batch|Instance)Norm": "TrackingLayer", r"Embedding(Bag)?$": "TableLayer"}


def base_of(name, base):
    return next((found for pattern, found in BASES.items() if re.match(pattern, name)), base)


def is_field(parameter):
    return parameter.python not in NOT_FIELDS


def classes(pairs, file, base, base_import, forward=True, page="torch.nn"):
    members = []
    for name, cls in pairs:
        signature = Signature(name, cls)
        fields = [p for p in signature.parameters if is_field(p)] if forward else []
        # A pooling layer without a stride stores its kernel size as the stride.
        rows = [f"readonly {p.name}: {p.received().removesuffix(' | null') if p.python == 'stride' and not name.startswith('LPPool') else p.received()}" for p in fields]
        inputs = []
        if forward:
            inputs, typed = forward_of(cls)
            if typed is not None:
                rows.append(typed)
        interface = f"export interface {name}Base extends {base_of(name, base) if forward else base} {{\n" + "\n".join(rows) + "\n}"
        docs = [sentence_of(cls) or f"{name}.", "", *signature.parameter_docs(), f"@see https://docs.pytorch.org/docs/stable/generated/{page}.{name}.html"]
        short = f"/** {docs[0]} */"
        forms = signature.forms() or [""]
        constructors = "\n".join((doc(docs) if i == 0 else short) + f"\nnew ({form}): {name}Base" for i, form in enumerate(forms))
        constructor = f"export interface {name}Constructor {{\n{constructors}\n}}"
        stored = ", ".join(f"'{p.name}'" for p in fields)
        fields_text = signature.fields()
        value = f"/** @internal */\nexport const {name}: DeclaredClass<{name}Arguments, {name}Constructor> = declaredClass('{name}', [{fields_text}], [{stored}], [{', '.join(repr(i) for i in inputs)}])"
        members.append("\n".join([signature.arguments(), signature.given(), interface, constructor, value]))
    write(file, [base_import, "import { declaredClass, type DeclaredClass } from '../../call/declared'"], "\n\n".join(members) + "\n")


# Methods of Module that read their arguments by their signature.
MODULE_METHODS = ("train", "parameters", "named_parameters", "buffers", "named_buffers", "named_modules", "requires_grad_", "zero_grad",
                  "apply", "get_submodule", "get_parameter", "get_buffer", "register_buffer", "register_forward_hook", "register_forward_pre_hook", "state_dict", "load_state_dict")


def methods(cls, names, file):
    """The signatures of methods that are written by hand."""
    signatures = [Signature(name, getattr(cls, name)) for name in names]
    rows = ["\n".join([s.arguments(), s.given(), f"/** @internal */\nexport const {s.name} = declared<{upper(s.name)}Arguments>('{s.name}', {s.fields()})"]) for s in signatures]
    write(file, ["import { declared } from '../../call/declared'"], "\n\n".join(rows) + "\n")


def trained(pairs, file, family, page, imports):
    """Optimizers and schedulers: their options by name, and constructors whose first argument is parameters or an optimizer."""
    members = []
    for name, cls in pairs:
        signature = Signature(name, cls, None, family)
        first, *rest = signature.parameters
        generic = f"<{name}Options>" if family == "Optimizer" else ""
        first_type = f"Params{generic}" if family == "Optimizer" else first.given()
        docs = [sentence_of(cls) or f"{name}.", "", *signature.parameter_docs(), f"@see https://docs.pytorch.org/docs/stable/generated/{page}.{name}.html"]
        options = "\n".join(f"/** Default {p.shown_default()}. */ {p.name}: {received_option(p)}" if not p.required else f"{p.name}: {received_option(p)}" for p in rest)
        rows = [f"/** What `{name}` is told. */\nexport interface {name}Options {{\n{options}\n}}"]
        named = "\n".join([f"{first.name}: {first_type}"] + [p.property() for p in rest])
        rows.append(f"export interface {name}Named {{\n{named}\n}}")
        forms = [form.replace(f"{first.name}: {first.given()}", f"{first.name}: {first_type}", 1) for form in signature.forms()]
        constructors = "\n".join((doc(docs) if i == 0 else f"/** {docs[0]} */") + f"\nnew ({form}): {family}{generic}" for i, form in enumerate(forms))
        rows.append(f"export interface {name}Constructor {{\n{constructors}\n}}")
        rows.append(f"/** @internal */\nexport const {name}: DeclaredClass<{name}Options, {name}Constructor> = declaredClass('{name}', [{signature.fields()}], [], [])")
        members.append("\n".join(rows))
    write(file, [*imports, "import { declaredClass, type DeclaredClass } from '../../call/declared'"], "\n\n".join(members) + "\n")


def received_option(parameter):
    """The type of a stored option: a learning rate may be given as a tensor, but is stored as a number."""
    return parameter.received().replace("number | Tensor", "number").replace("Tensor | number", "number").replace("readonly [number, number]", "readonly [number, number]")


def forward_of(cls):
    """The names of forward's required inputs, and its type if inputs and output are tensors."""
    signature = inspect.signature(cls.forward)
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    names = [public(p.name) for p in parameters]
    required = [n for p, n in zip(parameters, names) if p.default is inspect.Parameter.empty]
    if any(p.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD) for p in parameters):
        return ["input"], "forward(input: Tensor): Tensor"
    typed = []
    for p, n in zip(parameters, names):
        code = declared_kind("forward", p.name, p.annotation, None if p.default is None else ...)
        text = "Tensor" if code in ("*", "*?") else type_of(code, True)
        typed.append(f"{n}{'' if p.default is inspect.Parameter.empty else '?'}: {text}")
    return required, f"forward({', '.join(typed)}): Tensor"


def module_classes():
    for name in sorted(dir(torch.nn)):
        cls = getattr(torch.nn, name)
        if inspect.isclass(cls) and issubclass(cls, torch.nn.Module) and cls.__name__ == name and name not in ("Module", "Container", "DataParallel", "CrossMapLRN2d", "NLLLoss2d", "SyncBatchNorm") \
                and not name.startswith("Lazy") and not name.startswith("Transformer") and "RNN" not in name and "LSTM" not in name and "GRU" not in name \
                and name not in ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "MultiheadAttention", "AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss"):
            yield name, cls


def built_on(folder, base):
    """The classes written by hand that extend `base(declared.Name…)`: only their options are public."""
    sources = "".join(path.read_text() for path in sorted((SOURCES / folder).glob("*.ts")))
    return set(re.findall(rf"^export class (\w+) extends {base}\(declared\.\1\b", sources, re.MULTILINE))


def optimizer_classes():
    for name in sorted(built_on("optim", "optimizer")):
        yield name, getattr(torch.optim, name)


def scheduler_classes():
    module = torch.optim.lr_scheduler
    for name in sorted(dir(module)):
        cls = getattr(module, name)
        if inspect.isclass(cls) and issubclass(cls, module.LRScheduler) and not name.startswith("_") and name != "LRScheduler":
            yield name, cls


def main():
    functions(torch.nn.functional, "nn/functional", "nn-functional.ts", "torch.nn.functional")
    functions(torch.nn.init, "nn/init", "nn-init.ts", "torch.nn.init")
    functions(torch.nn.utils, "nn/utils", "nn-utils.ts", "torch.nn.utils")
    functions(torch.functional, "functional", "functional.ts", "torch")
    functions(torch.autograd, "autograd", "autograd.ts", "torch.autograd")
    methods(torch.Tensor, ("backward", "register_hook"), "tensor-methods.ts")
    methods(torch.nn.Module, MODULE_METHODS, "module-methods.ts")
    bases = ", ".join(sorted(BASES.values()))
    imports = f"import type {{ {bases} }} from '../../nn/layers/bases'\nimport type {{ Layer }} from '../../nn/layers/layer'"
    classes(module_classes(), "nn-layers.ts", "Layer", imports)
    trained(optimizer_classes(), "optim.ts", "Optimizer", "torch.optim", ["import type { Optimizer, Params } from '../../optim/optimizer'"])
    trained(scheduler_classes(), "lr-scheduler.ts", "LRScheduler", "torch.optim.lr_scheduler",
            ["import type { AnyOptimizer } from '../../optim/optimizer'", "import type { LRScheduler } from '../../optim/lr-scheduler/scheduler'"])
    unneeded = sorted({(table, row) for table, rows in TABLES.items() for row in rows} - used, key=str)
    if unneeded:
        sys.exit("these rows change nothing: " + ", ".join(f"{row} of {table}" for table, row in unneeded))


if __name__ == "__main__":
    main()
