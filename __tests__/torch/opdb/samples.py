"""Writes what PyTorch's operator database computes in float32 on the CPU, for Node to compute again.

    python samples.py FOLDER [NAME ...]

FOLDER/entries.jsonl has one line per entry: its samples, each a program of public torch calls with what it gave.
FOLDER/data.bin holds all tensors' storages.
"""
import json
import math
import pathlib
import re
import sys
import warnings

import torch
from torch.overrides import TorchFunctionMode, resolve_name
from torch.testing._internal.common_device_type import toleranceOverride
from torch.testing._internal.common_methods_invocations import op_db

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

SEED = 7
LEFT_OUT = re.compile(r"^(masked\.|signal\.windows\.|jiterator_|empty|new_empty)")
MEMORY_FORMATS = {
    torch.contiguous_format: "contiguousFormat",
    torch.preserve_format: "preserveFormat",
    torch.channels_last: "channelsLast",
    torch.channels_last_3d: "channelsLast3d",
}
LAYOUTS = {torch.strided: "strided", torch.sparse_coo: "sparseCoo", torch.sparse_csr: "sparseCsr", torch.sparse_csc: "sparseCsc",
           torch.sparse_bsr: "sparseBsr", torch.sparse_bsc: "sparseBsc"}


class Unwritable(Exception):
    """A value that has no form in JavaScript."""


class Data:
    """All tensors' bytes, one after another; a storage that several views share is written once per sample."""

    def __init__(self, file):
        self.file = file
        self.offset = 0
        self.written = {}

    def write(self, raw):
        padding = -self.offset % 8
        self.file.write(b"\0" * padding + raw)
        start = self.offset + padding
        self.offset = start + len(raw)
        return start

    def tensor(self, value):
        value = value.detach()
        if value.layout == torch.sparse_csr:
            return {"$": "csr", "rows": self.tensor(value.crow_indices()), "columns": self.tensor(value.col_indices()),
                    "values": self.tensor(value.values()), "shape": list(value.shape)}
        if value.layout in (torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc):
            raise Unwritable(str(value.layout))
        if value.is_sparse:
            value = value.coalesce()
            return {"$": "sparse", "indices": self.tensor(value.indices()), "values": self.tensor(value.values()), "shape": list(value.shape)}
        if value.is_quantized or value.device.type != "cpu":
            raise Unwritable(f"{value.dtype} on {value.device}")
        value = value.resolve_conj().resolve_neg()
        storage = value.untyped_storage()
        size = value.element_size()
        if storage.nbytes() > 4 * value.numel() * size + 4096:
            value = value.clone()
            storage = value.untyped_storage()
        key = storage._cdata
        if key not in self.written or self.written[key][2] != storage.nbytes():
            flat = torch.empty(0, dtype=torch.uint8).set_(storage)
            raw = flat.numpy().tobytes() if flat.numel() else b""
            self.written[key] = (self.write(raw), storage, storage.nbytes())
        start, _, length = self.written[key]
        return {"$": "tensor", "dtype": str(value.dtype)[6:], "shape": list(value.shape), "stride": list(value.stride()),
                "offset": value.storage_offset(), "start": start, "bytes": length}


class Recorder(TorchFunctionMode):
    """Writes down the outermost public torch calls, and where their tensors came from."""

    def __init__(self, data):
        super().__init__()
        self.data = data
        self.steps = []
        self.last = None
        self.seed = SEED
        self.known = {}
        self.alive = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = resolve_name(func) or f"{getattr(func, '__module__', '?')}.{getattr(func, '__qualname__', func)}"
        if name == "torch.Tensor.__getitem__" and not isinstance(args[1], tuple):
            args = (args[0], (args[1],))
        step = {"call": name, "args": [self.value(a) for a in args], "kwargs": {k: self.value(v) for k, v in kwargs.items()}}
        # Some entries seed on their own before they draw.
        if torch.initial_seed() != self.seed:
            self.seed = step["seed"] = torch.initial_seed()
        result = func(*args, **kwargs)
        # A question about a tensor (its shape, its dtype) is Python's own business unless it is the answer.
        if self.remember(result, [len(self.steps)]):
            self.steps.append(step)
            self.last = None
        else:
            self.last = (step, result)
        return result

    def remember(self, value, path):
        """Whether there is a tensor in what a call gave."""
        if isinstance(value, torch.Tensor):
            self.alive.append(value)
            self.known[id(value)] = path
            return True
        found = False
        if isinstance(value, (tuple, list)):
            for i, item in enumerate(value):
                found = self.remember(item, [*path, i]) or found
        return found

    def value(self, value):
        if isinstance(value, torch.Tensor):
            if id(value) in self.known:
                return {"$": "result", "path": self.known[id(value)]}
            self.alive.append(value)
            return self.data.tensor(value)
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, torch.SymInt) or type(value).__name__.startswith(("int", "uint")):
            return int(value) if abs(int(value)) < 2**53 else {"$": "bigint", "value": str(int(value))}
        if isinstance(value, float):
            if math.isfinite(value) and not (value == 0 and math.copysign(1, value) < 0):
                return value if value != int(value) else {"$": "float", "value": str(value)}
            return {"$": "float", "value": str(value)}
        if isinstance(value, complex):
            return {"$": "complex", "value": [value.real, value.imag]}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, torch.dtype):
            return str(value)[6:]
        if isinstance(value, torch.device):
            return str(value)
        if isinstance(value, torch.memory_format):
            return MEMORY_FORMATS[value]
        if isinstance(value, torch.layout):
            return LAYOUTS[value]
        if isinstance(value, slice):
            return {"$": "slice", "value": [self.value(v) for v in (value.start, value.stop, value.step)]}
        if value is Ellipsis:
            return "..."
        if hasattr(value, "item") and hasattr(value, "dtype"):
            return self.value(value.item())
        if value in (int, float, bool):
            return {int: "int64", float: "float32", bool: "bool"}[value]
        raise Unwritable(f"needs Python's object {type(value).__name__}")


def outputs(value, recorder):
    """Where the call's results lie among the recorded ones, and what they are."""
    if isinstance(value, torch.Tensor):
        path = recorder.known.get(id(value))
        if path is None:
            raise Unwritable("a result that no recorded call gave")
        return [{"path": path, "tensor": recorder.data.tensor(value)}]
    if isinstance(value, (tuple, list)) and any(isinstance(item, (torch.Tensor, tuple, list)) for item in value):
        return [leaf for item in value for leaf in outputs(item, recorder)]
    return []


def tolerance(op):
    """The widest override of PyTorch's own tests of this entry, in float32."""
    rtol, atol = 1.3e-6, 1e-5
    for info in op.decorators:
        for decorator in getattr(info, "decorators", None) or [info]:
            if isinstance(decorator, toleranceOverride) and torch.float32 in decorator.d and info.__class__.__name__ == "DecorateInfo":
                if info.cls_name in (None, "TestCommon", "TestUnaryUfuncs", "TestBinaryUfuncs", "TestReductions"):
                    wanted = decorator.d[torch.float32]
                    rtol, atol = max(rtol, wanted.rtol), max(atol, wanted.atol)
    return [rtol, atol]


def record(function, receiver, sample, data):
    recorder = Recorder(data)
    data.written = {}
    arguments = (receiver, *sample.args)
    torch.manual_seed(SEED)
    with recorder:
        result = function(*arguments, **sample.kwargs)
    if not recorder.steps and recorder.last is None:
        # What takes no tensor is not seen; it is its own call.
        step = {"call": f"{function.__module__}.{function.__name__}", "args": [recorder.value(a) for a in arguments],
                "kwargs": {k: recorder.value(v) for k, v in sample.kwargs.items()}}
        return {"steps": [step], "leaves": [], "value": recorder.value(result)}
    # In-place calls have changed storages since they were written.
    data.written = {}
    leaves = outputs(result, recorder)
    if leaves or recorder.last is None or recorder.last[1] is not result:
        return {"steps": recorder.steps, "leaves": leaves}
    return {"steps": [*recorder.steps, recorder.last[0]], "leaves": [], "value": recorder.value(result)}


def entry(op, data):
    lines = []
    failures = set()
    for sample in op.sample_inputs("cpu", torch.float32, requires_grad=False):
        has_receiver = isinstance(sample.input, torch.Tensor)
        for function in dict.fromkeys((op.op, op.method_variant if has_receiver else None)):
            if function is None:
                continue
            try:
                lines.append(record(function, sample.input, sample, data))
            except Unwritable as reason:
                failures.add(str(reason))
            except Exception as error:  # noqa: BLE001  what Python itself cannot do is no sample
                failures.add(f"Python: {type(error).__name__}: {str(error).splitlines()[0]}")
        if op.inplace_variant is not None and has_receiver:
            try:
                lines.append(record(op.inplace_variant, sample.input.clone(), sample, data))
            except Exception:  # noqa: BLE001  results of another shape or dtype do not fit into the input
                pass
    if not lines and not failures:
        failures.add("no samples")
    return {"name": op.name, "variant": op.variant_test_name, "tolerance": tolerance(op), "samples": lines, "unwritable": sorted(failures)}


def main():
    folder = pathlib.Path(sys.argv[1])
    wanted = set(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "data.bin", "wb") as binary, open(folder / "entries.jsonl", "w") as lines:
        data = Data(binary)
        for op in op_db:
            if LEFT_OUT.match(op.name) or not op.supports_dtype(torch.float32, "cpu") or (wanted and op.name not in wanted):
                continue
            lines.write(json.dumps(entry(op, data)) + "\n")


if __name__ == "__main__":
    main()
