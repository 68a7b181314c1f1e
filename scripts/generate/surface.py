"""Writes src/torch/generated from the schemas of the installed torch: functions, methods, their types and short docs.

Which overload is a function, a method or both, which is public, and in which order Python tries them, is torchgen's own
knowledge, so torchgen answers it; this file only spells the answers in TypeScript.
"""
import copy
import pathlib
import re
import sys

import torch
import torchgen
import yaml  # noqa: F401  torchgen needs it; a missing one fails here, early
from torchgen.gen import parse_native_yaml
from torchgen.model import BaseTy, BaseType, ListType, OptionalType, SchemaKind
from torchgen.packaged.autograd import gen_python_functions as python_bindings

from docstrings import described

PACKAGED = pathlib.Path(torchgen.__file__).parent / "packaged"
NATIVE = PACKAGED / "ATen" / "native"
TARGET = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src/torch/generated")

# Members of Tensor and functions of torch that are written by hand in src/torch, because they are more than one operator.
BY_HAND_METHODS = {
    "to", "item", "size", "stride", "dim", "numel", "detach", "is_leaf", "requires_grad_", "retain_grad", "data", "grad",
    "backward", "index", "index_put_", "storage_offset", "is_contiguous", "type", "tolist", "dtype", "device", "layout",
    "is_complex", "is_floating_point", "split", "unflatten", "clone_", "__dispatch__", "retains_grad", "is_inference",
    "align_to", "align_as", "refine_names", "rename", "rename_", "norm", "stft",
}
BY_HAND_FUNCTIONS = {
    "index", "item", "is_complex", "is_floating_point", "tensor", "from_file", "split", "align_tensors", "einsum", "stft", "norm", "full",
    "unique_consecutive", "unique_dim", "result_type", "can_cast", "promote_types", "full_like", "cdist", "lu",
}
# Functions that PyTorch binds by hand in C++, from the same schemas.
BOUND_BY_HAND_IN_PYTHON = {"arange", "range"}
KEEP_METHODS = {"split", "unflatten"}
RESERVED = {"var", "delete", "in", "new", "function", "default", "typeof", "void", "with", "eval", "arguments", "import", "export", "enum", "switch", "case"}
SCALAR_TYPES = {"Scalar": "S", "int": "i", "SymInt": "i", "float": "f", "bool": "b", "str": "s", "ScalarType": "d", "Layout": "l",
                "Device": "v", "DeviceIndex": "i", "MemoryFormat": "m", "Generator": "g", "Tensor": "T", "SymBool": "b"}
TYPESCRIPT = {"S": "Scalar", "i": "Int", "f": "number", "b": "boolean", "s": "string", "d": "DTypeLike", "l": "Layout", "v": "Device",
              "m": "MemoryFormat", "g": "Generator", "T": "Tensor"}
# Defaults in the schemas that are names of C++.
ENUMS = {"Mean": "1"}
DTYPES = {"long": "int64"}
# Types that differ in a result.
RETURNED = {"readonly Tensor[]": "Tensor[]", "Int": "number", "Scalar": "number", "DTypeLike": "DType"}
# Members of Array that a named result hides.
ARRAY_MEMBERS = {"values", "entries", "keys", "length", "at", "fill", "find", "map", "reverse", "sort", "slice"}


def camel(name):
    head = re.match(r"^_*", name).group(0)
    tail = re.search(r"_*$", name).group(0) if name.strip("_") else ""
    core = name[len(head):len(name) - len(tail)]
    words = core.split("_")
    return head + words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:]) + tail


def kind(type_):
    """The kind code of a schema's type: `T?[]`, `I2?`, … or None where JavaScript has no such value."""
    if isinstance(type_, OptionalType):
        inner = kind(type_.elem)
        return inner and inner + "?"
    if isinstance(type_, ListType):
        inner = kind(type_.elem)
        return inner and f"{inner}[{type_.size or ''}]"
    if isinstance(type_, BaseType) and type_.name != BaseTy.Storage:
        return SCALAR_TYPES.get(str(type_.name.name))
    return None


def typescript(code):
    if code.endswith("?"):
        return f"{typescript(code[:-1])} | null"
    array = re.match(r"^(.*)\[(\d*)\]$", code)
    if array:
        element = typescript(array.group(1))
        element = f"({element})" if "|" in element else element
        whole = f"readonly {element}[]"
        return f"{typescript(array.group(1))} | {whole}" if array.group(2) else whole
    return TYPESCRIPT[code]


class Parameter:
    def __init__(self, name, code, default, keyword_only):
        self.name, self.code, self.default, self.keyword_only = name, code, default, keyword_only
        self.optional = default is not None

    def shown_default(self):
        """The schema's default as a caller writes it."""
        if self.default in ("None", "True", "False"):
            return {"None": "null", "True": "true", "False": "false"}[self.default]
        if self.code.startswith("d"):
            return f"'{DTYPES.get(self.default, self.default)}'"
        if self.code[0] in "lm":
            return f"'{self.default}'"
        number = re.sub(r"(\d)\.0\b", r"\1", self.default)
        return ENUMS.get(self.default, number.replace('"', "'").replace(",", ", "))

    def spec(self):
        return f"{self.name}:{self.code}{'=' if self.optional else ''}"

    def named(self, method):
        """Name and type as a key of the last object. A dtype must not be undefined there: a misspelt `torch.longg` must not mean the default."""
        optional = self.optional or (self.keyword_only and self.code.endswith("?"))
        absent = " | undefined" if optional and self.code[0] != "d" else ""
        return f"{Overload.shown(self, method)}{'?' if optional else ''}", typescript(self.code) + absent


class Overload:
    """One native overload as Python binds it."""

    def __init__(self, pair, method):
        function = pair.function
        schema = function.func
        self.native = str(schema.name.name)
        self.schema = str(schema)
        # Like Python, which hides these overloads for numbers and makes the number a tensor of full precision.
        self.overload = "Tensor" if self.schema in python_bindings.SKIP_PYTHON_BINDINGS_SIGNATURES else schema.name.overload_name
        arguments = schema.arguments
        self.parameters = []
        keyword_only = {a.name for a in arguments.flat_kwarg_only}
        self.usable = True
        for argument in arguments.flat_non_out:
            code = kind(argument.type)
            if code is None:
                self.usable = False
                return
            self.parameters.append(Parameter(argument.name, code, argument.default, argument.name in keyword_only))
        self.self_index = next((i for i, p in enumerate(self.parameters) if p.name == "self"), 0) if method else None
        self.inplace = schema.kind() == SchemaKind.inplace
        self.returns = [kind(r.type) for r in schema.returns]
        if any(r is None for r in self.returns):
            self.usable = False
            return
        names = [r.name for r in schema.returns]
        self.return_names = [camel(name) for name in names] if len(names) > 1 and all(names) and not self.inplace else []
        self.factory = any(a.name == "requires_grad" for a in pair.signature.tensor_options_args) and not self.inplace
        self.factory = self.factory or self.native in BOUND_BY_HAND_IN_PYTHON

    def spec(self):
        fields = []
        seen_star = False
        for parameter in self.parameters:
            if parameter.keyword_only and not seen_star:
                fields.append("*")
                seen_star = True
            fields.append(parameter.spec())
        flags = ("@" if self.inplace else "") + ("+" if self.factory else "")
        names = f":{','.join(self.return_names)}" if self.return_names else ""
        return f"{self.native}|{self.overload}|{flags}{names}|{','.join(fields)}"

    def with_numbers(self, *names):
        """The same overload with numbers instead of these tensors."""
        other = copy.copy(self)
        other.parameters = [Parameter(p.name, "S", p.default, p.keyword_only) if p.name in names else p for p in self.parameters]
        return other

    def outer(self):
        """The parameters that the caller passes: without self for a method."""
        return [p for i, p in enumerate(self.parameters) if i != self.self_index]

    def result(self, method):
        if self.inplace and len(self.returns) <= 1:
            return "this" if method else ("void" if not self.returns else typescript(self.returns[0]))
        if not self.returns:
            return "void"
        types = [RETURNED.get(typescript(r), typescript(r)) for r in self.returns]
        if self.return_names:
            return NamedResults.interface(self.return_names, types)
        return types[0] if len(types) == 1 else f"[{', '.join(types)}]"

    def signatures(self, method):
        """The forms of a call in TypeScript: the first arguments by position, the others by name in a last object."""
        outer = self.outer()
        positional = [p for p in outer if not p.keyword_only]
        keywords = [p for p in outer if p.keyword_only]
        result = self.result(method)
        forms = []
        for count in range(len(positional), -1, -1):
            given = positional[:count]
            parts = []
            for i, p in enumerate(given):
                # Only trailing optional parameters may have the mark.
                mark = "?" if all(q.optional for q in given[i:]) and count == len(positional) else ""
                parts.append((f"{safe(self.shown(p, method))}{mark}", typescript(p.code)))
            forms.append(Form(parts, self.options(positional[count:] + keywords, method), result))
        if self.varargs(positional):
            rest = f"...{safe(self.shown(positional[0], method))}"
            forms.append(Form([(rest, "Int[]")], [], result))
            if self.factory:
                forms.append(Form([(rest, "Int[]")], self.options(keywords, method), result))
        return forms

    def options(self, named, method):
        """The keys of the last object and their types."""
        return [p.named(method) for p in named] + ([("requiresGrad?", "boolean | undefined")] if self.factory else [])

    @staticmethod
    def varargs(positional):
        """Whether a list of ints may be passed as separate arguments, as in `x.view(2, 3)` and `torch.zeros(2, 3)`."""
        return len(positional) == 1 and re.match(r"^i\[\d*\]$", positional[0].code) is not None

    @staticmethod
    def shown(parameter, method):
        return "input" if parameter.name == "self" and not method else camel(parameter.name)

    def fast(self, index, method):
        """Branches for plain positional calls: (arity, condition, call)."""
        outer = self.outer()
        positional = [p for p in outer if not p.keyword_only]
        keywords_required = any(p.keyword_only and not p.optional for p in outer)
        if keywords_required or self.factory or len(self.returns) != 1 and not (self.inplace and not self.returns):
            return []
        if not self.inplace and self.returns != ["T"]:
            return []
        required = sum(1 for p in positional if not p.optional)
        branches = []
        for count in range(required, min(len(positional), 4) + 1):
            conditions, values = [], {}
            for i, p in enumerate(positional[:count]):
                variable = f"a{i}"
                code = p.code.rstrip("?")
                if code == "T":
                    conditions.append(f"{variable} instanceof TensorBase")
                    values[p.name] = f"{variable}._h"
                elif code in ("S", "f"):
                    conditions.append(f"typeof {variable} === 'number'")
                    values[p.name] = variable
                elif code == "i":
                    conditions.append(f"typeof {variable} === 'number'")
                    values[p.name] = variable
                elif code == "b":
                    conditions.append(f"typeof {variable} === 'boolean'")
                    values[p.name] = variable
                elif re.match(r"^i\[\d*\]$", code):
                    conditions.append(f"Array.isArray({variable})")
                    values[p.name] = variable
                else:
                    conditions = None
                    break
            if conditions is None:
                break
            native_arguments = []
            given = {p.name for p in positional[:count]}
            for i, p in enumerate(self.parameters):
                if i == self.self_index:
                    native_arguments.append("this._h")
                elif p.name in given:
                    native_arguments.append(values[p.name])
                elif any(q.name in given or j == self.self_index for j, q in enumerate(self.parameters) if j > i):
                    native_arguments.append("undefined")
            call = f"{index}({', '.join(native_arguments)})"
            if self.inplace:
                target = "this" if method else "a0"
                body = f"{{\n{call}\nreturn {target}\n}}" if method else None
                if body is None:
                    continue
            else:
                body = f"return wrap({call})"
            branches.append((count, " && ".join(conditions), body))
        return branches


# The options of every factory function, described where FactoryOptions is declared.
FACTORY_NAMES = {"dtype", "layout", "device", "pin_memory"}
FACTORY_OPTIONS = [
    ("dtype?", "DTypeLike | null"), ("layout?", "Layout | null | undefined"), ("device?", "Device | null | undefined"),
    ("pinMemory?", "boolean | null | undefined"), ("requiresGrad?", "boolean | undefined"),
]


class Form:
    """One signature in TypeScript: names with their marks and types of positional parameters and of the keys of a last object."""

    def __init__(self, parts, options, result):
        self.parts, self.options, self.result = parts, options, result

    def text(self, name, prefix):
        parts = [f"{part}: {type_}" for part, type_ in self.parts]
        if self.options:
            mark = "?" if all(key.endswith("?") for key, _ in self.options) else ""
            if self.parts and self.parts[-1][0].startswith("..."):
                parts = [f"...args: [{parts[0]}, options: {self.object()}]"]
            else:
                parts.append(f"options{mark}: {self.object()}")
        return f"{prefix}{name}({', '.join(parts)}): {self.result}"

    def object(self):
        common = FACTORY_OPTIONS if all(option in self.options for option in FACTORY_OPTIONS) else []
        fields = [f"{key}: {type_}" for key, type_ in self.options if (key, type_) not in common]
        types = ([f"{{ {'; '.join(fields)} }}"] if fields else []) + (["FactoryOptions"] if common else [])
        return " & ".join(types)

    def joined(self, other):
        """One form for both if they differ only in the type of one parameter; else None."""
        mine, its = self.parts + self.options, other.parts + other.options
        if self.result != other.result or [name for name, _ in mine] != [name for name, _ in its] or len(self.parts) != len(other.parts):
            return None
        differing = [i for i, pair in enumerate(zip(mine, its)) if pair[0] != pair[1]]
        if not differing:
            return self
        if len(differing) > 1:
            return None
        at = differing[0]
        name, type_ = mine[at]
        union = type_.split(" | ") + [member for member in its[at][1].split(" | ") if member not in type_.split(" | ")]
        both = [*mine[:at], (name, " | ".join(sorted(union, key=lambda member: member in ("null", "undefined")))), *mine[at + 1:]]
        return Form(both[:len(self.parts)], both[len(self.parts):], self.result)

    def covers(self, other):
        """Whether it accepts every call that the other accepts."""
        further = [key for key, type_ in self.options if (key, type_) not in other.options]
        return (
            self.result == other.result and self.parts == other.parts and not any(name.startswith("...") for name, _ in self.parts) and all(option in self.options for option in other.options)
            and len(further) > 0 and all(key.endswith("?") for key in further)
        )

    @staticmethod
    def merged(forms):
        """Fewer forms that accept the same calls, with a union type in place of several forms."""
        result = []
        for form in forms:
            for i, known in enumerate(result):
                both = known.joined(form)
                if both is not None:
                    result[i] = both
                    break
            else:
                result.append(form)
        if len(result) < len(forms):
            return Form.merged(result)
        return [form for form in result if not any(other is not form and other.covers(form) for other in result)]


class NamedResults:
    """The interfaces of named results, one for each list of names and types."""

    declared = {}

    @classmethod
    def interface(cls, names, types):
        name = "".join(part[:1].upper() + part[1:] + ("List" if type_.endswith("[]") else "") for part, type_ in zip(names, types))
        cls.declared[name] = (names, types)
        return name

    @classmethod
    def file(cls):
        lines = ["// Generated by scripts/generate/surface.py from torch's schemas: do not edit.", "import type { ArrayMember, Results } from '../tensor/results'", "import type { Tensor } from '../tensor/tensor'"]
        for name, (names, types) in sorted(cls.declared.items()):
            hidden = [n for n in names if n in ARRAY_MEMBERS]
            labels = ", ".join(f"{n}: {t}" for n, t in zip(names, types))
            base = f"Results<[{labels}]{''.join(f', {chr(39)}{n}{chr(39)}' for n in hidden)}>"
            fields = "".join(f"  readonly {n}: {t}{' & ArrayMember' if n in hidden else ''}\n" for n, t in zip(names, types))
            lines.append(f"\n/** `[{', '.join(names)}]`, each also by its name. */\nexport interface {name} extends {base} {{\n{fields}}}")
        return "\n".join(lines) + "\n"


def safe(name):
    return name + "_" if name in RESERVED else name


def link(name, module, method):
    if method:
        return f"https://docs.pytorch.org/docs/stable/generated/torch.Tensor.{name}.html"
    prefix = {None: "torch", "nn": "torch.nn.functional", "linalg": "torch.linalg", "fft": "torch.fft", "special": "torch.special", "sparse": "torch.sparse", "nested": "torch.nested"}[module]
    short = re.sub(r"^(linalg|fft|special|sparse|nested)_", "", name)
    return f"https://docs.pytorch.org/docs/stable/generated/{prefix}.{short}.html"


def paths_of(name, module, method):
    """Where Python may describe it, the likeliest first."""
    if module not in (None, "nn"):
        return [link(name, module, method).rpartition("/")[2].removesuffix(".html")]
    homes = ["torch.Tensor", "torch", "torch.nn.functional"] if method else ["torch.nn.functional", "torch"] if module == "nn" else ["torch", "torch.nn.functional", "torch.Tensor"]
    return [f"{home}.{name}" for home in homes]


def docs_of(name, overloads, module, method):
    """A sentence, the schemas, the defaults and PyTorch's page."""
    sentence = described(paths_of(name, module, method))
    defaults = {}
    for overload in overloads:
        options = FACTORY_NAMES if overload.factory else ()
        for p in overload.outer():
            if "_" in p.name:
                sentence = re.sub(rf"\b{p.name}\b", camel(p.name), sentence)
            if p.optional and p.name not in options:
                defaults.setdefault(Overload.shown(p, method), p.shown_default())
    lines = [sentence, ""] if sentence else []
    lines += dict.fromkeys(f"`{o.schema}`" for o in overloads)
    lines += [f"@param {shown} - Default {default}." for shown, default in defaults.items()]
    lines.append(f"@see {link(name, module, method)}")
    return "/**\n" + "\n".join(f" * {line}".rstrip() for line in lines) + "\n */"


class Emitter:
    """One generated file: its operators, signature tables and members."""

    def __init__(self, base):
        self.base = base
        self.operators = {}
        self.tables = []
        self.members = []
        # The interfaces of the named results of its members.
        self.results = set()

    def operator(self, overload):
        key = (overload.native, overload.overload)
        if key not in self.operators:
            self.operators[key] = f"o_{overload.native}" + (f"__{overload.overload}" if overload.overload else "")
        return self.operators[key]

    def member(self, name, overloads, module, method):
        public = camel(re.sub(r"^(linalg|fft|special|sparse|nested)_", "", name) if module in ("linalg", "fft", "special", "sparse", "nested") else name)
        table = f"s_{name}"
        specs = ", ".join(f"'{o.spec()}'" for o in overloads)
        self.tables.append(f"const {table} = signatures('{public}', {'true' if method else 'false'}, [{specs}])")
        branches = {}
        for overload in overloads:
            fast = overload.fast(None, method)
            for count, condition, body in fast:
                known = branches.setdefault(count, [])
                if condition not in [c for c, _ in known]:
                    known.append((condition, body.replace("None(", f"{self.operator(overload)}(", 1)))
        export = "" if method or safe(public) != public else "export "
        merged = Form.merged([form for overload in overloads for form in overload.signatures(method)])
        self.results.update(form.result for form in merged if form.result in NamedResults.declared)
        forms = [form.text(public if method else safe(public), "" if method else f"{export}function ") for form in merged]
        parameters = ", ".join(f"a{i}?: unknown" for i in range(max(branches, default=0)))
        doc = docs_of(name, overloads, module, method)
        body = []
        for count in sorted(branches):
            body.append(f"if (arguments.length === {count}) {{")
            for condition, action in branches[count]:
                body.append(f"if ({condition}) {action}" if condition else action)
            body.append("}")
        receiver = "this" if method else "null"
        body.append(f"return resolve({table}, {receiver}, arguments)")
        head = f"{safe(public) if not method else public}({parameters}): unknown"
        keyword = "" if method else f"{export}function "
        if parameters == "" and not method:
            head = f"{safe(public)}(): unknown"
        self.members.append(doc + "\n" + "\n".join(forms) + f"\n{keyword}{head} {{\n" + "\n".join(body) + "\n}")
        if export == "" and not method:
            self.members.append(f"export {{ {safe(public)} as {public} }}")

    def preamble(self, imports):
        results = [f"import type {{ {', '.join(sorted(self.results))} }} from './results'"] if self.results else []
        lines = ["// Generated by scripts/generate/surface.py from torch's schemas: do not edit.", "/* eslint-disable */", *imports, *results, ""]
        for (native, overload), variable in self.operators.items():
            lines.append(f"let {variable}: Call = (...args) => ({variable} = aten('{native}', '{overload}'))(...args)")
        return "\n".join(lines + [""] + self.tables) + "\n\n"


IMPORTS = [
    "import type { DType, DTypeLike, Device, FactoryOptions, Int, Layout, MemoryFormat, Scalar } from '../tensor/dtype'",
    "import type { Generator } from '../random'",
    "import type { Tensor } from '../tensor/tensor'",
    "import { TensorBase, wrap } from '../tensor/base'",
    "import { aten, type Call } from '../call/aten'",
    "import { resolve, signatures } from '../call/resolve'",
]


def grouped(pairs, method):
    groups = {}
    for pair in pairs:
        groups.setdefault(str(pair.function.func.name.name), []).append(pair)
    for name in sorted(groups):
        ordered = python_bindings.sort_overloads(python_bindings.group_overloads(groups[name]))
        overloads = []
        for group in ordered:
            overload = Overload(python_bindings.PythonSignatureNativeFunctionPair(group.signature, group.base), method)
            if overload.usable:
                overloads.append(overload)
        if not method and takes_numbers_for_tensors(name, overloads):
            pairs_of_tensors = [o for o in overloads if [p.code for p in o.parameters[:2]] == ["T", "T"]]
            overloads += [o.with_numbers(*names) for names in (["self"], ["self", "other"]) for o in pairs_of_tensors]
        if overloads:
            yield name, overloads


def takes_numbers_for_tensors(name, overloads):
    """Whether Python's function accepts numbers for tensors of the schema, as in `torch.add(2, 3)`; found out by calling it."""
    positional = [[p for p in o.parameters if not p.keyword_only] for o in overloads]
    if not any([(p.name, p.code) for p in list_] == [("self", "T"), ("other", "T")] for list_ in positional):
        return False
    if any(list_[0].code == "S" for list_ in positional):
        return False
    try:
        getattr(torch, name, None) is not None and getattr(torch, name)(2, 3)
    except TypeError:
        return False
    return hasattr(torch, name)


def main():
    native = parse_native_yaml(str(NATIVE / "native_functions.yaml"), str(NATIVE / "tags.yaml")).native_functions
    hidden_for_numbers = set(python_bindings.SKIP_PYTHON_BINDINGS_SIGNATURES)
    bindable = [
        f for f in native
        if (python_bindings.should_generate_py_binding(f) or str(f.func) in hidden_for_numbers or str(f.func.name.name) in BOUND_BY_HAND_IN_PYTHON)
        and f.func.kind() != SchemaKind.out
    ]
    public = [f for f in bindable if not str(f.func.name.name).startswith("_")]
    TARGET.mkdir(parents=True, exist_ok=True)

    methods = Emitter("methods")
    pairs = [
        python_bindings.PythonSignatureNativeFunctionPair(python_bindings.signature(f, method=True), f)
        for f in public if python_bindings.is_py_variable_method(f)
    ]
    for name, overloads in grouped(pairs, True):
        if name in BY_HAND_METHODS and name not in KEEP_METHODS:
            continue
        methods.member(name, overloads, None, True)
    text = methods.preamble(IMPORTS) + "/** Every Tensor method that Python's torch generates from its schemas. */\nexport abstract class TensorMethods extends TensorBase {\n"
    write("methods.ts", text + "\n\n".join(methods.members) + "\n}\n")

    files = {"functions.ts": None, "nn-functions.ts": "nn", "linalg.ts": "linalg", "fft.ts": "fft", "special.ts": "special", "sparse.ts": "sparse"}
    for file, module in files.items():
        emitter = Emitter(file)
        chosen = [f for f in public if f.python_module == module and "function" in {v.name for v in f.variants}]
        pairs = [python_bindings.PythonSignatureNativeFunctionPair(python_bindings.signature(f, method=False), f) for f in chosen]
        for name, overloads in grouped(pairs, False):
            if module is None and name in BY_HAND_FUNCTIONS:
                continue
            emitter.member(name, overloads, module, False)
        write(file, emitter.preamble(IMPORTS) + "\n\n".join(emitter.members) + "\n")
    write("results.ts", NamedResults.file())
    write("operator-names.ts", operator_names())


def operator_names():
    """The overloads of every operator of `torch.ops.aten`, so that TypeScript knows which exist."""
    overloads = {}
    for qualified in sorted(torch._C._dispatch_get_all_op_names()):
        namespace, _, name = qualified.partition("::")
        operator, _, overload = name.partition(".")
        if namespace == "aten":
            overloads.setdefault(operator, []).append(overload or "default")
    lines = [f"  readonly {operator}: {' | '.join(repr(name) for name in names)}\n" for operator, names in overloads.items()]
    return (
        "// Generated by scripts/generate/surface.py from torch's schemas: do not edit.\n\n"
        "/** The names of the overloads of each operator of `torch.ops.aten`; `default` is the one without a name. */\n"
        f"export interface AtenOverloads {{\n{''.join(lines)}}}\n"
    )


def write(name, text):
    (TARGET / name).write_text(text)


main()
