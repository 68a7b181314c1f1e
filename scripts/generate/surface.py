"""Writes src/torch/generated from the schemas of the installed torch: functions, methods, their types and short docs.

Which overload is a function, a method or both, which is public, and in which order Python tries them, is torchgen's own
knowledge, so torchgen answers it; this file only spells the answers in TypeScript.
"""
import pathlib
import re
import sys

import torchgen
import yaml  # noqa: F401  torchgen needs it; a missing one fails here, early
from torchgen.gen import parse_native_yaml
from torchgen.model import BaseTy, BaseType, ListType, OptionalType, SchemaKind
from torchgen.packaged.autograd import gen_python_functions as python_bindings

PACKAGED = pathlib.Path(torchgen.__file__).parent / "packaged"
NATIVE = PACKAGED / "ATen" / "native"
TARGET = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src/torch/generated")

# Members of Tensor and functions of torch that src/torch writes by hand, for they are no plain operators there.
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
TYPESCRIPT = {"S": "Scalar", "i": "Int", "f": "number", "b": "boolean", "s": "string", "d": "DType", "l": "Layout", "v": "Device",
              "m": "MemoryFormat", "g": "Generator", "T": "Tensor"}


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
    def __init__(self, name, code, optional, keyword_only):
        self.name, self.code, self.optional, self.keyword_only = name, code, optional, keyword_only

    def spec(self):
        return f"{self.name}:{self.code}{'=' if self.optional else ''}"


class Overload:
    """One native overload as Python binds it."""

    def __init__(self, pair, method):
        function = pair.function
        schema = function.func
        self.native = str(schema.name.name)
        self.schema = str(schema)
        # As Python, which hides these overloads for numbers: it makes the number a tensor that keeps its precision.
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
            optional = argument.default is not None
            self.parameters.append(Parameter(argument.name, code, optional, argument.name in keyword_only))
        self.self_index = next((i for i, p in enumerate(self.parameters) if p.name == "self"), 0) if method else None
        self.inplace = schema.kind() == SchemaKind.inplace
        returns = [kind(r.type) for r in schema.returns]
        if any(r is None for r in returns):
            self.usable = False
            return
        self.returns = returns
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
        return f"{self.native}|{self.overload}|{flags}|{','.join(fields)}"

    def outer(self):
        """Parameters as the caller sees them: a method's self is the receiver."""
        return [p for i, p in enumerate(self.parameters) if i != self.self_index]

    def result(self, method):
        if self.inplace and len(self.returns) <= 1:
            return "this" if method else ("void" if not self.returns else typescript(self.returns[0]))
        if not self.returns:
            return "void"
        types = [{"readonly Tensor[]": "Tensor[]", "Int": "number", "Scalar": "number"}.get(typescript(r), typescript(r)) for r in self.returns]
        return types[0] if len(types) == 1 else f"[{', '.join(types)}]"

    def signatures(self, name, method):
        """TypeScript forms: the first k positional ones, the rest named in a last object."""
        outer = self.outer()
        positional = [p for p in outer if not p.keyword_only]
        keywords = [p for p in outer if p.keyword_only]
        required = sum(1 for p in positional if not p.optional)
        result = self.result(method)
        prefix = "" if method else "function "
        forms = []
        counts = sorted({required, len(positional)} | set(range(required, min(len(positional), required + 2) + 1)), reverse=True)
        for count in counts:
            given = positional[:count]
            named = positional[count:] + keywords
            parts = []
            for i, p in enumerate(given):
                # Only a tail of optional ones may carry the mark.
                mark = "?" if all(q.optional for q in given[i:]) and count == len(positional) else ""
                parts.append(f"{safe(self.shown(p, method))}{mark}: {typescript(p.code)}")
            options = [f"{camel(p.name)}{'?' if p.optional else ''}: {typescript(p.code)}" for p in named]
            if self.factory:
                options.append("requiresGrad?: boolean")
            if options:
                mark = "" if any(not p.optional for p in named) else "?"
                parts.append(f"options{mark}: {{ {'; '.join(options)} }}")
            forms.append(f"{prefix}{name}({', '.join(parts)}): {result}")
        if method and len(positional) == 1 and re.match(r"^i\[\d*\]$", positional[0].code):
            forms.append(f"{prefix}{name}(...{camel(positional[0].name)}: Int[]): {result}")
        return forms

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


def safe(name):
    return name + "_" if name in RESERVED else name


def link(name, module, method):
    if method:
        return f"https://docs.pytorch.org/docs/stable/generated/torch.Tensor.{name}.html"
    prefix = {None: "torch", "nn": "torch.nn.functional", "linalg": "torch.linalg", "fft": "torch.fft", "special": "torch.special", "sparse": "torch.sparse", "nested": "torch.nested"}[module]
    short = re.sub(r"^(linalg|fft|special|sparse|nested)_", "", name)
    return f"https://docs.pytorch.org/docs/stable/generated/{prefix}.{short}.html"


class Emitter:
    """One generated file: its operators, signature tables and members."""

    def __init__(self, base):
        self.base = base
        self.operators = {}
        self.tables = []
        self.members = []

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
        forms, seen = [], set()
        for overload in overloads:
            for form in overload.signatures(safe(public) if not method else public, method):
                if form not in seen:
                    seen.add(form)
                    forms.append(form)
        parameters = ", ".join(f"a{i}?: unknown" for i in range(max(branches, default=0)))
        lines = [f" * `{o.schema}`" for o in overloads]
        doc = "/**\n" + "\n".join(dict.fromkeys(lines)) + f"\n * @see {link(name, module, method)}\n */"
        export = "" if method or safe(public) != public else "export "
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
        forms = [form if method else export + form for form in forms]
        if parameters == "" and not method:
            head = f"{safe(public)}(): unknown"
        self.members.append(doc + "\n" + "\n".join(forms) + f"\n{keyword}{head} {{\n" + "\n".join(body) + "\n}")
        if export == "" and not method:
            self.members.append(f"export {{ {safe(public)} as {public} }}")

    def preamble(self, imports):
        lines = ["// Generated by scripts/generate/surface.py from torch's schemas: do not edit.", "/* eslint-disable */", *imports, ""]
        for (native, overload), variable in self.operators.items():
            lines.append(f"let {variable}: Call = (...args) => ({variable} = aten('{native}', '{overload}'))(...args)")
        return "\n".join(lines + [""] + self.tables) + "\n\n"


IMPORTS = [
    "import type { DType, Device, Int, Layout, MemoryFormat, Scalar } from '../dtype'",
    "import type { Generator } from '../random'",
    "import type { Tensor } from '../tensor'",
    "import { TensorBase, wrap } from '../base'",
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
        if overloads:
            yield name, overloads


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


def write(name, text):
    (TARGET / name).write_text(text)


main()
