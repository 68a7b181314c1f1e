"""Runs a script in the Python of the set-up if the one that was called has no torch."""
import importlib.util
import os
import pathlib
import sys


def with_torch() -> None:
    """Returns where torch can be imported; else runs the whole command again in the Python of the set-up, or ends with what to do."""
    if importlib.util.find_spec("torch") is not None:
        return
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    cache = pathlib.Path(os.environ.get("PIXELCL_CACHE") or pathlib.Path(home, "pixelcl"))
    python = cache / "python" / "bin" / "python"
    # Asked for once, so that a set-up without torch does not start itself for ever.
    if python.exists() and os.environ.get("PIXELCL_PYTHON") is None:
        os.environ["PIXELCL_PYTHON"] = str(python)
        os.execv(python, [str(python), *sys.orig_argv[1:]])
    sys.exit(f"this Python has no torch ({sys.executable}): npx pixelcl setup installs one, and npx pixelcl python FILE runs a file with it")
