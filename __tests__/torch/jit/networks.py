"""Networks that the tests export: TorchScript compiles from source, so they stand in a file."""
import enum
import pathlib
import sys
import warnings
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor, nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "models"))
import resnet  # noqa: E402


class Small(resnet.ResNet):
    """Two stages of the real blocks, narrow enough for a test."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.conv1 = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        shortcut = nn.Sequential(nn.Conv2d(8, 16, 1, 2, bias=False), nn.BatchNorm2d(16))
        self.layer1 = nn.Sequential(resnet.BasicBlock(8, 8), resnet.BasicBlock(8, 8))
        self.layer2 = nn.Sequential(resnet.BasicBlock(8, 16, 2, shortcut), resnet.BasicBlock(16, 16))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Repeated(nn.Module):
    """One layer three times, through a method of its own and in different places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.inner = nn.Sequential(self.conv, nn.Tanh())
        self.head = nn.Conv2d(3, 4, 1)

    def features(self, x: Tensor) -> Tensor:
        return self.conv(torch.relu(self.conv(x)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(self.features(x))))


class Branches(nn.Module):
    """Layers inside and outside of control flow."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Conv2d(3, 3, 1)
        self.inside = nn.Conv2d(3, 3, 1)
        self.looped = nn.Conv2d(3, 3, 1)
        self.twice = nn.Conv2d(3, 3, 1)
        self.settled = nn.Conv2d(3, 3, 1)
        self.after = nn.Conv2d(3, 3, 1)
        self.unused = nn.Conv2d(3, 3, 1)
        self.pair = Pair()
        self.nested = nn.Sequential(Gate())

    def forward(self, x: Tensor) -> Tensor:
        x = self.twice(self.before(x))
        if bool(x.sum() > 0):
            x = self.settled(self.inside(x))
            x = self.twice(x)
        for _ in range(x.size(0)):
            x = self.looped(x)
        first, second = self.pair(self.settled(x))
        return self.after(self.nested(first + second))


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.open = nn.Conv2d(3, 3, 1)
        self.always = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.always(x)
        if self.training:
            x = self.open(x)
        return x


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.conv(x), x


class Dicts(nn.Module):
    def forward(self, x):
        return x

    @torch.jit.export
    def any(self, x: Tensor) -> Any:
        counts: Dict[str, int] = {'a': 1, 'b': 2}
        return counts

    @torch.jit.export
    def union(self, one: bool) -> Union[int, Dict[str, int]]:
        counts: Dict[str, int] = {'a': 1}
        if one:
            return 1
        return counts

    @torch.jit.export
    def total(self, tensors: Dict[str, Tensor], names: Dict[int, str]) -> Tuple[Tensor, str]:
        total = torch.zeros(1)
        for tensor in tensors.values():
            total = total + tensor
        return total, names[7]


class Chatty(nn.Module):
    """Methods beside forward, with values that are no tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(3.0))
        self.register_buffer("scale", torch.tensor(2.0))
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x: Tensor, times: int = 1, label: str | None = None) -> dict[str, Tensor]:
        return {"y": x * self.weight * self.scale * times, "label" if label is None else label: x}

    @torch.jit.export
    def pair(self, xs: list[Tensor], flag: bool) -> tuple[Tensor, int]:
        return torch.stack(xs).sum(0), 1 if flag else 0

    @torch.jit.export
    def fail(self, x: Tensor) -> Tensor:
        if x.numel() > 0:
            raise ValueError("no thanks")
        return x


class Defaults(nn.Module):
    """A forward whose further arguments have defaults."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 4, 1)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor, return_features: bool = False, scale: float = 2.0, shift: Optional[Tensor] = None) -> Tensor:
        x = self.body(x * scale)
        if shift is not None:
            x = x + shift
        return x if return_features else self.head(x)


class Gated(nn.Module):
    """Early returns and constant attributes before the layers, as published networks have them."""

    def __init__(self, memory_efficient: bool = False) -> None:
        super().__init__()
        self.memory_efficient = memory_efficient
        self.stem = Checked()
        self.body = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.Tanh())
        self.skip = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() == 0:
            return x
        x = self.stem(x)
        if self.memory_efficient:
            x = self.skip(x)
        else:
            x = self.body(x)
        return x * 2


class Checked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() == 0:
            return x
        return self.conv(x)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Scores(NamedTuple):
    logits: Tensor
    count: int


@torch.jit.script
class Counter:
    """An object that is no module."""

    def __init__(self, start: int) -> None:
        self.total = start

    def add(self, more: int) -> int:
        self.total += more
        return self.total


class Values(nn.Module):
    """Attributes, constants and arguments of all kinds."""

    __constants__ = ["width"]

    def __init__(self) -> None:
        super().__init__()
        self.scale = 0.5
        self.label = "plain"
        self.sizes = [1, 2, 3]
        self.width = 7
        self.conv = nn.Conv2d(1, 1, 1)
        self.register_buffer("offset", torch.ones(2))

    def forward(self, x: Tensor, mode: Union[int, str] = "sum", color: Color = Color.RED) -> Tensor:
        if isinstance(mode, str):
            return x * self.scale
        return x + mode if color == Color.RED else x - mode

    @torch.jit.export
    def kind(self, value: Union[Tensor, int, float, str, List[int]]) -> str:
        if isinstance(value, Tensor):
            return "Tensor"
        if isinstance(value, int):
            return "int"
        if isinstance(value, float):
            return "float"
        if isinstance(value, str):
            return "str"
        return "list"

    @torch.jit.export
    def nothing(self, value: Optional[Union[int, str]] = None) -> bool:
        return value is None

    @torch.jit.export
    def named(self, scores: Scores) -> Scores:
        return Scores(scores.logits * 2, scores.count + 1)

    @torch.jit.export
    def other(self, color: Color) -> Color:
        return Color.BLUE if color == Color.RED else Color.RED

    @torch.jit.export
    def described(self, value: Any) -> str:
        if isinstance(value, Dict[str, int]):
            return "dict of " + str(value["a"])
        if isinstance(value, Tuple[int, str]):
            return "tuple of " + value[1]
        if isinstance(value, List[int]):
            return "list of " + str(len(value))
        if isinstance(value, Tensor):
            return "Tensor"
        return "other"

    @torch.jit.export
    def counter(self, start: int) -> Counter:
        return Counter(start)

    @torch.jit.export
    def count(self, counter: Counter, more: int) -> int:
        return counter.add(more)


class Autocast(nn.Module):
    """Casts by itself, in forward and in a child."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Casting()
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.inner(x).float())


class Casting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.linear(x)


class WithOperator(nn.Module):
    """Needs the library that the test loads."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.aoti_custom_ops.custom_add(x, x)


class Warns(nn.Module):
    """Warns of a single row."""

    def forward(self, x: Tensor) -> Tensor:
        if x.size(0) < 2:
            warnings.warn("one row is few")
        if x.size(0) < 1:
            raise ValueError("no row is too few")
        return x * 2
