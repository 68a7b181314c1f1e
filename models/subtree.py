"""Finds the ResNet in the checkpoint of a trainer as this package's `models.readResNet` does: the same files, the same answer (src/vision/models/subtree.ts)."""
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from checkpoint import Say, Unreadable, content_of, entries_of, has_tensor, state_of, tensor_of
from resnet import architecture_of

State = dict[str, torch.Tensor]

# What no ResNet has is among them, too, such as `conv2` of another stem: such a network is refused, not cut to fit.
OWN = re.compile(r"(conv|bn|layer)\d+\.|fc\.(weight|bias)\Z", re.ASCII)


@dataclass(frozen=True)
class Naming:
    """How a library names the tensors of a ResNet."""

    # The name of a tensor that every ResNet has.
    anchor: str
    # torchvision's name; None for what is no part of a ResNet.
    translate: Callable[[str], str | None]
    # What is said of the names; None for torchvision's own.
    about: str | None = None


def by_rules(*rules: tuple[str, Callable[..., str]]) -> Callable[[str], str | None]:
    compiled = [(re.compile(pattern, re.ASCII), write) for pattern, write in rules]

    def translate(name: str) -> str | None:
        for pattern, write in compiled:
            match = pattern.fullmatch(name)
            if match is not None:
                return write(*match.groups())
        return None

    return translate


NAMINGS = (
    Naming("layer1.0.conv1.weight", lambda name: name if OWN.match(name) else None),
    Naming(
        "4.0.conv1.weight",
        by_rules(
            (r"0\.(\w+)", lambda rest: f"conv1.{rest}"),
            (r"1\.(\w+)", lambda rest: f"bn1.{rest}"),
            (r"([4-7])\.(.+)", lambda position, rest: f"layer{int(position) - 3}.{rest}"),
        ),
        "its names are positions in a Sequential: 0, 1 and 4 to 7 are read as conv1, bn1 and layer1 to layer4",
    ),
    Naming(
        "res2.0.conv1.weight",
        by_rules(
            (r"stem\.conv1\.norm\.(\w+)", lambda rest: f"bn1.{rest}"),
            (r"stem\.conv1\.(\w+)", lambda rest: f"conv1.{rest}"),
            (r"res([2-5])\.(\d+)\.conv(\d)\.norm\.(\w+)", lambda stage, block, conv, rest: f"layer{int(stage) - 1}.{block}.bn{conv}.{rest}"),
            (r"res([2-5])\.(\d+)\.shortcut\.norm\.(\w+)", lambda stage, block, rest: f"layer{int(stage) - 1}.{block}.downsample.1.{rest}"),
            (r"res([2-5])\.(\d+)\.shortcut\.(\w+)", lambda stage, block, rest: f"layer{int(stage) - 1}.{block}.downsample.0.{rest}"),
            (r"res([2-5])\.(\d+)\.(.+)", lambda stage, block, rest: f"layer{int(stage) - 1}.{block}.{rest}"),
        ),
        "its names are detectron2's; weights that were trained with STRIDE_IN_1X1 or on BGR images, as those from MSRA, give other features here",
    ),
    Naming(
        "encoder.stages.0.layers.0.layer.0.convolution.weight",
        by_rules(
            (r"embedder\.embedder\.convolution\.(\w+)", lambda rest: f"conv1.{rest}"),
            (r"embedder\.embedder\.normalization\.(\w+)", lambda rest: f"bn1.{rest}"),
            (
                r"encoder\.stages\.([0-3])\.layers\.(\d+)\.layer\.(\d)\.(convolution|normalization)\.(\w+)",
                lambda stage, block, layer, kind, rest: f"layer{int(stage) + 1}.{block}.{'conv' if kind == 'convolution' else 'bn'}{int(layer) + 1}.{rest}",
            ),
            (
                r"encoder\.stages\.([0-3])\.layers\.(\d+)\.shortcut\.(convolution|normalization)\.(\w+)",
                lambda stage, block, kind, rest: f"layer{int(stage) + 1}.{block}.downsample.{0 if kind == 'convolution' else 1}.{rest}",
            ),
        ),
        "its names are those of Hugging Face transformers",
    ),
)

# Wrappers whose prefix says nothing of what is in them.
WRAPPERS = ("module", "_orig_mod")
# Parts of names, split at `_`, that say that a network is the moving average of another: MoCo, PixPro, BYOL, solo-learn, lightly, timm.
AVERAGES = ("k", "key", "momentum", "target", "ema")
# MoCo's encoders end in a projection, which its authors leave out, too.
PROJECTING = ("encoder_q", "encoder_k")
# Maximum number of places that are looked at: more than any trainer has networks.
MOST_CANDIDATES = 64
# Maximum number of names in a message.
LISTED = 5


@dataclass(frozen=True)
class Candidate:
    """A part of a file that is a ResNet."""

    arch: str
    state: State
    entries: dict[str, object]
    # The keys that lead to its dict, and the parts of the prefix of its names.
    trail: tuple[str, ...]
    parts: tuple[str, ...]
    naming: Naming
    # What is left out of the same dict, shortened to where it departs from the ResNet.
    left_out: list[str]

    @property
    def place(self) -> str:
        return ".".join(self.trail + self.parts)

    @property
    def words(self) -> list[str]:
        return [word for part in self.trail + self.parts for word in part.split("_")]


def read_resnet(path: str, say: Say, arch: str | None = None, prefix: str | None = None) -> tuple[str | None, State]:
    """The ResNet in a file and its architecture; None and all weights if it holds none."""
    content = content_of(path)
    found = resnet_in(content, path, say, arch, prefix)
    return (None, state_of(content, path, say)) if found is None else (found.arch, found.state)


def resnet_in(content: object, source: str, say: Say, arch: str | None, prefix: str | None) -> Candidate | None:
    every = candidates_in(content)
    asked = every if prefix is None else at(prefix, every)
    if prefix is not None and not asked:
        raise Unreadable(f"{source} has no ResNet under the prefix '{prefix}': it has {listed(every) if every else 'none at all'}")
    fitting = [candidate for candidate in asked if arch is None or candidate.arch == arch]
    if not fitting:
        return asked[0] if asked else None
    distinct = without_copies(fitting)
    chosen = distinct[0] if len(distinct) == 1 else original(distinct)
    if chosen is None:
        raise Unreadable(f"{source} has several ResNets, {listed(distinct)}: choose one by the option prefix")
    tell(chosen, distinct, source, say)
    return chosen


def holders_in(content: object) -> Iterator[tuple[dict[str, object], tuple[str, ...]]]:
    """All dicts that have tensors, in the order of the file, with the keys that lead to them; each once, however often it is held."""
    passed: set[int] = set()
    waiting: list[tuple[object, tuple | None]] = [(content, None)]
    while waiting:
        value, link = waiting.pop()
        entries = entries_of(value)
        if entries is None or id(entries) in passed:
            continue
        passed.add(id(entries))
        if has_tensor(entries):
            yield entries, keys_of(link)
        waiting.extend((inner, (key, link)) for key, inner in reversed(entries.items()))


def keys_of(link: tuple | None) -> tuple[str, ...]:
    keys = []
    while link is not None:
        keys.append(link[0])
        link = link[1]
    return tuple(reversed(keys))


def candidates_in(content: object) -> list[Candidate]:
    found: list[Candidate] = []
    looked = 0
    for entries, trail in holders_in(content):
        tensors = {name: tensor for name, value in entries.items() if (tensor := tensor_of(value)) is not None}
        for naming in NAMINGS:
            for name in tensors:
                if name != naming.anchor and not name.endswith(f".{naming.anchor}"):
                    continue
                candidate = candidate_at(entries, tensors, trail, name.removesuffix(naming.anchor), naming)
                if candidate is not None:
                    found.append(candidate)
                looked += 1
                if looked == MOST_CANDIDATES:
                    return found
    return found


def candidate_at(entries: dict[str, object], tensors: State, trail: tuple[str, ...], root: str, naming: Naming) -> Candidate | None:
    parts = tuple(root.split(".")[:-1])
    state: State = {}
    left: dict[str, None] = {}
    for name, tensor in tensors.items():
        own = naming.translate(name.removeprefix(root)) if name.startswith(root) else None
        if own is None:
            left[departure(name, parts)] = None
        else:
            state[own] = tensor
    arch = architecture_of(state)
    if arch is None:
        return None
    has_classifier = "fc.weight" in state and "fc.bias" in state and not (parts and parts[-1] in PROJECTING)
    for key in ("fc.weight", "fc.bias"):
        if not has_classifier and state.pop(key, None) is not None:
            left[departure(f"{root}{key}", parts)] = None
    left.pop("n_averaged", None)
    return Candidate(arch, state, entries, trail, parts, naming, list(left))


def departure(name: str, parts: tuple[str, ...]) -> str:
    """The beginning of a name up to its first part that is not the ResNet's."""
    own = name.split(".")
    differs = next((i for i, part in enumerate(own) if i >= len(parts) or part != parts[i]), None)
    return name if differs is None else ".".join(own[: differs + 1])


def at(prefix: str, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates at a place, else those whose place ends in it, else those whose place contains it."""
    wanted = prefix.rstrip(".")
    tiers = (
        lambda place: place == wanted,
        lambda place: place.endswith(f".{wanted}"),
        lambda place: f".{wanted}." in f".{place}.",
    )
    return next((found for tier in tiers if (found := [candidate for candidate in candidates if tier(candidate.place)])), [])


def without_copies(candidates: list[Candidate]) -> list[Candidate]:
    """One of each set of candidates with equal tensors: trainers often keep a network under two names."""
    distinct: list[Candidate] = []
    for candidate in candidates:
        if not any(is_equal(candidate.state, other.state) for other in distinct):
            distinct.append(candidate)
    return distinct


def is_equal(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        value.dtype == other[name].dtype and value.shape == other[name].shape and torch.equal(value, other[name]) for name, value in one.items()
    )


def original(candidates: list[Candidate]) -> Candidate | None:
    """The one candidate that the others were made from; None if none is, or if they are of several architectures."""
    has_teacher = any("teacher" in candidate.words for candidate in candidates)
    originals = [
        candidate
        for candidate in candidates
        if not any(word in candidate.words for word in AVERAGES) and not (has_teacher and "student" in candidate.words)
    ]
    is_one = len(originals) == 1 and all(candidate.arch == originals[0].arch for candidate in candidates)
    return originals[0] if is_one else None


def tell(chosen: Candidate, candidates: list[Candidate], source: str, say: Say) -> None:
    """Tells in two messages at most which network is taken and how its names are read, and what is left out."""
    taken = [f"its weights are taken from '{'.'.join(chosen.trail)}'"] if chosen.trail else []
    if all(part in WRAPPERS for part in chosen.parts):
        taken += [f"the prefix '{part}.' of a wrapped model is taken off every name" for part in chosen.parts]
    else:
        taken.append(f"the {chosen.arch} under '{'.'.join(chosen.parts)}.' is taken")
    if chosen.naming.about is not None:
        taken.append(chosen.naming.about)
    if taken:
        say(f"{source}{' is a checkpoint' if chosen.trail else ''}: {'; '.join(taken)}")
    others = [name for name, value in chosen.entries.items() if tensor_of(value) is None]
    left = [f"left out are {shortened(chosen.left_out)}"] if chosen.left_out else []
    if others:
        left.append(f"{shortened(others)} are no tensors and left out")
    left += [departed(other) for other in candidates if other is not chosen]
    if left:
        say(f"{source}: {'; '.join(left)}")


def departed(other: Candidate) -> str:
    """Why another network of the file is not the one that is taken, and how to take it."""
    why = "the student, and DINO is evaluated by its teacher" if "student" in other.words else "a moving average of this one"
    return f"'{other.place}' is a {other.arch}, too, {why}: the prefix '{other.place}' takes it"


def listed(candidates: list[Candidate]) -> str:
    shown = ", ".join(f"'{candidate.place}' ({candidate.arch})" for candidate in candidates[:LISTED])
    return f"{shown}{f' and {len(candidates) - LISTED} more' if len(candidates) > LISTED else ''}"


def shortened(names: list[str]) -> str:
    return f"{', '.join(names[:LISTED])}{f' and {len(names) - LISTED} more' if len(names) > LISTED else ''}"
