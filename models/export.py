"""Writes a ResNet as TorchScript, for `pixelcl pretrain --backbone FILE` and `torch.jit.load`.

    python models/export.py resnet50 models/resnet50.pt --weights IMAGENET1K_V2
    python models/export.py resnet50 models/resnet50.pt --weights my-checkpoint.pth
    python models/export.py resnet50 models/resnet50.pt --random --seed 0

The network is this folder's own plain-torch definition. A named weight needs torchvision; a file or --random does not.
"""
import argparse
import pathlib
import sys

import torch
from resnet import ARCHITECTURES, build


def state_of(path: str) -> dict:
    """The state dict in a file, seen through a checkpoint around it and DataParallel's prefix."""
    try:
        state = torch.jit.load(path, map_location="cpu").state_dict()
    except RuntimeError:
        state = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model"):
        if key in state and isinstance(state[key], dict):
            state = state[key]
    return {name.removeprefix("module."): value for name, value in state.items()}


def named_weights(arch: str, name: str) -> dict:
    try:
        import torchvision
    except ImportError:
        sys.exit(f"the weights '{name}' come with torchvision, which is not installed: pip install torchvision, or give a file")
    return torchvision.models.get_model(arch, weights=name).state_dict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch", choices=sorted(ARCHITECTURES))
    parser.add_argument("out", type=pathlib.Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--weights", help="a file with weights, or a name of torchvision's such as IMAGENET1K_V2")
    source.add_argument("--random", action="store_true", help="PyTorch's initialisation")
    parser.add_argument("--seed", type=int, default=0, help="for --random")
    parser.add_argument("--num-classes", type=int, default=1000)
    parser.add_argument("--trace", action="store_true", help="trace instead of script (in training mode, so that batch norms can train)")
    parser.add_argument("--image-size", type=int, default=224, help="for --trace")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    model = build(options.arch, options.num_classes)
    if options.weights:
        is_file = pathlib.Path(options.weights).exists()
        model.load_state_dict(state_of(options.weights) if is_file else named_weights(options.arch, options.weights))
    model.train()
    if options.trace:
        before = {name: value.clone() for name, value in model.state_dict().items()}
        program = torch.jit.trace(model, torch.rand(2, 3, options.image_size, options.image_size), check_trace=False)
        program.load_state_dict(before)
    else:
        program = torch.jit.script(model)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    program.save(str(options.out))
    print(f"{options.out}: {options.arch}, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters")


main()
