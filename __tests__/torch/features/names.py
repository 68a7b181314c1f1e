"""The public names of Python's torch, module by module."""
import importlib
import inspect
import pkgutil
import re
import types
import warnings

import torch

CONSTANTS = (torch.dtype, torch.layout, torch.memory_format, torch.qscheme)
# Where a docstring begins with it, the whole name is meant; further down, one of its arguments.
DEPRECATED = re.compile(r"\A.{0,250}?(\.\. deprecated::|\b(is|are|has been)( now)? deprecated\b|\Adeprecated)", re.S | re.I)


def is_deprecated(value):
    return hasattr(value, "__deprecated__") or DEPRECATED.search(inspect.getdoc(value) or "") is not None


def is_own(value, path):
    """Whether a module without `__all__` has this as a part of itself, not as an import."""
    home = getattr(value, "__module__", None) or ""
    if isinstance(value, types.BuiltinFunctionType):
        return home != "torch._C"
    if isinstance(value, type) and home == "torch._C":
        return True
    return isinstance(value, CONSTANTS) or (callable(value) and (home == path or home.startswith(path + ".")))


def names_of(path):
    """By `__all__`, and where the documentation names more than it, as in torch, or it is missing, by what is the module's own."""
    home, name = path.rsplit(".", 1) if "." in path else (path, "")
    if name[:1].isupper():
        cls = getattr(importlib.import_module(home), name)
        members = {name: inspect.getattr_static(cls, name) for name in dir(cls)}
    else:
        module = importlib.import_module(path)
        listed = getattr(module, "__all__", None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            members = {name: getattr(module, name) for name in {*dir(module), *(listed or [])} if hasattr(module, name)}
        owned = {name for name, value in members.items() if is_own(value, path)} if listed is None or path == "torch" else set()
        members = {name: value for name, value in members.items() if name in owned or name in (listed or [])}
        if path != "torch":
            members = {name: value for name, value in members.items() if value is not torch.Tensor}
    return sorted(
        name for name, value in members.items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and not is_deprecated(value)
    )


def modules():
    """The public modules right below torch."""
    return sorted(f"torch.{module.name}" for module in pkgutil.iter_modules(torch.__path__) if not module.name.startswith("_"))
