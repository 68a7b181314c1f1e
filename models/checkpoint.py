"""Reads the weights in a file as this package's `loadStateDictFile` does: the same files, the same answer (src/torch/serialization/checkpoint.ts).

Nothing of a checkpoint is run: objects of unknown classes, such as configurations, are read as placeholders and passed over.
"""
import builtins
import codecs
import collections
import contextlib
import json
import pathlib
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from typing import BinaryIO

import torch

# Keys under which training scripts store weights, most likely first.
USUAL_KEYS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "backbone",
    "encoder",
    "weights",
    "params",
    "state",
    "teacher",
    "student",
)
# Prefixes that wrappers add to every name: DataParallel and DistributedDataParallel, torch.compile, averaged models.
PREFIXES = ("module.", "_orig_mod.")
# Dict classes that hold nothing but their entries.
DICT_CLASSES = (
    "easydict.EasyDict",
    "addict.addict.Dict",
    "munch.Munch",
    "yacs.config.CfgNode",
    "lightning.fabric.utilities.data.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "transformers.utils.generic.ModelOutput",
)
Say = Callable[[str], None]


class Unreadable(Exception):
    """A file that holds no weights, in words for its user."""


def state_in(path: str, say: Say) -> dict[str, torch.Tensor]:
    """The state dict in a file: the content itself, a dict in it under a usual key, or the only one that has tensors."""
    return state_of(content_of(path), path, say)


def state_of(content: object, path: str, say: Say) -> dict[str, torch.Tensor]:
    """The state dict in the content of a file."""
    return without_prefixes(tensors_of(search(content, path, say), path, say), path, say)


def content_of(path: str) -> object:
    if pathlib.Path(path).is_dir():
        raise Unreadable(f"{path} is a folder: give a file with weights")
    try:
        if is_program(path):
            return dict(torch.jit.load(path, map_location="cpu").state_dict())
        if is_safetensors(path):
            return read_safetensors(path)
        # Not weights_only, which refuses configurations, numpy's numbers and newer pickles: SafePickle is as closed, and passes over what it does not know.
        return torch.load(path, map_location="cpu", pickle_module=SafePickle, weights_only=False)
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise Unreadable(f"{path} cannot be read as TorchScript, a state dict or a checkpoint of tensors: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def is_program(path: str) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.partition("/")[2] == "constants.pkl" for name in archive.namelist())


def is_safetensors(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(9)
    return len(head) == 9 and head[8:] == b"{" and 2 <= struct.unpack("<Q", head[:8])[0] <= pathlib.Path(path).stat().st_size - 8


SAFE_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_safetensors(path: str) -> dict[str, torch.Tensor]:
    data = pathlib.Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, end = entry["data_offsets"]
        dtype = SAFE_DTYPES[entry["dtype"]]
        part = bytearray(data[start + first : start + end])
        tensors[name] = (torch.frombuffer(part, dtype=dtype) if part else torch.empty(0, dtype=dtype)).reshape(entry["shape"])
    return tensors


class Placeholder:
    """Stands for an object of a class that is not loaded."""

    def __new__(cls, *args: object, **names: object) -> "Placeholder":
        return object.__new__(cls)

    def __init__(self, *args: object, **names: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        pass


class PlaceholderDict(dict):
    """Stands for a dict class."""

    def __setstate__(self, state: object) -> None:
        pass


class Namespace(dict):
    """Stands for argparse.Namespace, whose attributes are entries."""

    def __setstate__(self, state: object) -> None:
        self.update(state if isinstance(state, dict) else {})


def rebuild_from_type(rebuild: Callable, _type: object, arguments: tuple, _state: object) -> object:
    """A tensor with attributes or of a subclass, without them."""
    return rebuild(*arguments)


def known_globals() -> dict[str, object]:
    """All that a checkpoint may call: what makes tensors and plain values of data."""
    known: dict[str, object] = {
        "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
        "torch.serialization._get_layout": getattr(torch.serialization, "_get_layout", None),
        "torch.nn.parameter.Parameter": torch.nn.Parameter,
        "torch.nn.Parameter": torch.nn.Parameter,
        "torch.Size": torch.Size,
        "torch.device": torch.device,
        "torch.Tensor": torch.Tensor,
        "collections.OrderedDict": collections.OrderedDict,
        "collections.Counter": collections.Counter,
        "collections.defaultdict": collections.defaultdict,
        "_codecs.encode": codecs.encode,
        "argparse.Namespace": Namespace,
        "types.SimpleNamespace": Namespace,
    }
    for name in ("set", "frozenset", "complex", "bytes", "bytearray", "slice", "range", "list", "dict", "int", "float", "str", "tuple", "bool"):
        known[f"builtins.{name}"] = known[f"__builtin__.{name}"] = getattr(builtins, name)
    for name, value in vars(torch._utils).items():
        if name.startswith("_rebuild_") and ("tensor" in name or "parameter" in name):
            known[f"torch._utils.{name}"] = value
    for name, value in vars(torch).items():
        if isinstance(value, torch.dtype) or name.endswith(("Storage", "Tensor")):
            known[f"torch.{name}"] = value
    with contextlib.suppress(ImportError):
        import numpy

        core = getattr(numpy, "_core", None) or numpy.core
        for folder in ("numpy._core", "numpy.core"):
            known[f"{folder}.multiarray._reconstruct"] = core.multiarray._reconstruct
            known[f"{folder}.multiarray.scalar"] = core.multiarray.scalar
        known["numpy.ndarray"], known["numpy.dtype"] = numpy.ndarray, numpy.dtype
        if hasattr(numpy, "dtypes"):
            known.update({f"numpy.dtypes.{name}": value for name, value in vars(numpy.dtypes).items() if name.endswith("DType")})
    return known


class SafePickle:
    """Takes the place of the module pickle in torch.load; the classes and functions that it gives are closed."""

    known = known_globals()

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            found = SafePickle.known.get(f"{module}.{name}")
            if found is not None:
                return found
            return type("Placeholder", (PlaceholderDict if f"{module}.{name}" in DICT_CLASSES else Placeholder,), {})

    @staticmethod
    def load(file: BinaryIO, **options: object) -> object:
        return SafePickle.Unpickler(file, **options).load()


def entries_of(value: object) -> dict[str, object] | None:
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def tensor_of(value: object) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor):
        return value
    is_array = type(value).__module__ == "numpy" and type(value).__name__ == "ndarray" and value.dtype.kind in "biufc"
    return torch.from_numpy(value) if is_array else None


def has_tensor(entries: dict[str, object]) -> bool:
    return any(tensor_of(value) is not None for value in entries.values())


def state_holders() -> Callable[[object], bool]:
    """A function that tells whether a dict, or one in it under usual keys, has tensors; it looks at each dict once."""
    known: dict[int, bool] = {}

    def holds_state(value: object) -> bool:
        entries = entries_of(value)
        if entries is None:
            return False
        if id(entries) not in known:
            known[id(entries)] = False
            known[id(entries)] = has_tensor(entries) or any(key in entries and holds_state(entries[key]) for key in USUAL_KEYS)
        return known[id(entries)]

    return holds_state


def search(content: object, path: str, say: Say) -> dict[str, object]:
    holds_state = state_holders()
    trail: list[str] = []
    passed: set[int] = set()
    current = content
    while True:
        entries = entries_of(current)
        if entries is None:
            raise no_state_in(current, path)
        passed.add(id(entries))

        def leads(key: str, entries: dict[str, object] = entries) -> bool:
            return key in entries and id(entries[key]) not in passed and holds_state(entries[key])

        key = next(filter(leads, USUAL_KEYS), None)
        if key is None:
            if has_tensor(entries):
                if trail:
                    say(f"{path} is a checkpoint: its weights are taken from '{'.'.join(trail)}'")
                return entries
            others = [*filter(leads, entries)]
            if len(others) != 1:
                raise no_state_in(current, path)
            key = others[0]
        trail.append(key)
        current = entries[key]


def no_state_in(value: object, path: str) -> Unreadable:
    entries = entries_of(value)
    if entries is None:
        held = "a single tensor" if isinstance(value, torch.Tensor) else f"a {type(value).__name__}"
    else:
        names = ", ".join(f"'{key}'" for key in [*entries][:20])
        held = f"the keys {names}{f' and {len(entries) - 20} more' if len(entries) > 20 else ''}" if entries else "nothing"
    return Unreadable(f"{path} holds no state dict: it holds {held}. Save model.state_dict()")


def tensors_of(entries: dict[str, object], path: str, say: Say) -> dict[str, torch.Tensor]:
    tensors = {name: tensor for name, value in entries.items() if (tensor := tensor_of(value)) is not None}
    others = [name for name in entries if name not in tensors]
    if others:
        say(f"{path}: {', '.join(others[:5])}{f' and {len(others) - 5} more' if len(others) > 5 else ''} are no tensors and left out")
    return tensors


def without_prefixes(state: dict[str, torch.Tensor], path: str, say: Say) -> dict[str, torch.Tensor]:
    while True:
        fitting = (
            prefix
            for prefix in PREFIXES
            if any(name.startswith(prefix) for name in state) and all(name.startswith(prefix) or name == "n_averaged" for name in state)
        )
        prefix = next(fitting, None)
        if prefix is None:
            return state
        say(f"{path}: the prefix '{prefix}' of a wrapped model is taken off every name")
        state = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def say(message: str) -> None:
    print(message, file=sys.stderr)
