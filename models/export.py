"""Writes a ResNet as TorchScript, for `pixelcl pretrain --backbone FILE` and `torch.jit.load`.

    python models/export.py resnet50 models/resnet50.pt --weights IMAGENET1K_V2
    python models/export.py resnet50 models/resnet50.pt --weights my-checkpoint.pth
    python models/export.py resnet50 models/resnet50.pt --weights moco.pth --prefix module.encoder_k
    python models/export.py resnet50 models/resnet50.pt --random --seed 0

The network is this folder's own plain-torch definition. A named weight needs torchvision; a file or --random does not.
"""
import argparse
import pathlib
import sys

from setup_python import with_torch

with_torch()

import torch  # noqa: E402
from checkpoint import Unreadable, say  # noqa: E402
from resnet import ARCHITECTURES, build  # noqa: E402
from subtree import read_resnet  # noqa: E402


def state_of(path: str, arch: str, prefix: str | None) -> dict:
    try:
        found, state = read_resnet(path, say, arch, prefix)
    except Unreadable as error:
        sys.exit(str(error))
    if found is not None and found != arch:
        sys.exit(f"{path} does not fit {arch}: it holds the weights of a {found}")
    return state


def named_weights(arch: str, name: str) -> dict:
    try:
        import torchvision
    except ImportError:
        sys.exit(f"there is no file '{name}', and named weights come with torchvision, which is not installed: pip install torchvision, or give a file")
    try:
        return torchvision.models.get_model(arch, weights=name).state_dict()
    except (KeyError, ValueError) as error:
        sys.exit(f"there is no file '{name}', and torchvision knows no such weights of {arch}: {error}")
    except OSError as error:
        sys.exit(f"the weights '{name}' of {arch} cannot be fetched: {error}")


def load(model: torch.nn.Module, arch: str, weights: str, num_classes: int, prefix: str | None) -> None:
    state = state_of(weights, arch, prefix) if pathlib.Path(weights).exists() else named_weights(arch, weights)
    if not any(name.startswith("fc.") for name in state):
        say(f"{weights} has no classifier 'fc': the network's is newly initialised")
        state = {**state, **{name: value for name, value in model.state_dict().items() if name.startswith("fc.")}}
    classes = state["fc.weight"].shape[0] if "fc.weight" in state else num_classes
    if classes != num_classes:
        sys.exit(f"the weights tell {classes} classes apart, not {num_classes}: write --num-classes {classes}")
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        lines = [line if len(line) < 300 else f"{line[:300]} …" for line in str(error).splitlines()]
        sys.exit("\n".join([f"the weights do not fit {arch}:", *lines[1:6]]))


def program_of(model: torch.nn.Module, trace: bool, image_size: int) -> torch.jit.ScriptModule:
    model.train()
    if not trace:
        return torch.jit.script(model)
    # Tracing runs the network once, so restore the running statistics afterwards.
    before = {name: value.clone() for name, value in model.state_dict().items()}
    program = torch.jit.trace(model, torch.rand(2, 3, image_size, image_size), check_trace=False)
    program.load_state_dict(before)
    return program


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0 but received '{text}'")
    return int(text)


def seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 to 2^63 - 1 but received '{text}'")
    return int(text)


def write(program: torch.jit.ScriptModule, out: pathlib.Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # libtorch ends the process if it writes to a full disk, so write the bytes here.
        out.write_bytes(program.save_to_buffer())
    except OSError as error:
        sys.exit(f"{out} cannot be written: {error.strerror or error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch", choices=list(ARCHITECTURES))
    parser.add_argument("out", type=pathlib.Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", help="a file with weights, or a name of torchvision's such as IMAGENET1K_V2")
    source.add_argument("--random", action="store_true", help="torchvision's initialisation")
    parser.add_argument("--seed", type=seed, default=0, help="for --random")
    parser.add_argument("--prefix", help="the path to one of several ResNets in a checkpoint, such as module.encoder_k")
    parser.add_argument("--num-classes", type=positive, default=1000)
    parser.add_argument("--trace", action="store_true", help="trace instead of script (in training mode, so that batch norms can train)")
    parser.add_argument("--image-size", type=positive, default=224, help="for --trace")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    model = build(options.arch, options.num_classes)
    if options.weights is not None:
        load(model, options.arch, options.weights, options.num_classes, options.prefix)
    program = program_of(model, options.trace, options.image_size)
    write(program, options.out)
    print(f"{options.out}: {options.arch}, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters")


if __name__ == "__main__":
    main()
