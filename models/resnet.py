"""ResNet 18 to 152, ResNeXt and Wide ResNet in plain torch, with torchvision's module names and initialisation, so that their weights fit.

Needs torch alone. `resnet50()` and its siblings give a module whose state dict goes to and from torchvision's.
"""
import re

import torch
from torch import Tensor, nn

# Block, blocks of each stage, groups of the 3×3 convolution, channels per group at 64 planes.
ARCHITECTURES = {
    "resnet18": ("basic", (2, 2, 2, 2), 1, 64),
    "resnet34": ("basic", (3, 4, 6, 3), 1, 64),
    "resnet50": ("bottleneck", (3, 4, 6, 3), 1, 64),
    "resnet101": ("bottleneck", (3, 4, 23, 3), 1, 64),
    "resnet152": ("bottleneck", (3, 8, 36, 3), 1, 64),
    "resnext50_32x4d": ("bottleneck", (3, 4, 6, 3), 32, 4),
    "resnext101_32x8d": ("bottleneck", (3, 4, 23, 3), 32, 8),
    "resnext101_64x4d": ("bottleneck", (3, 4, 23, 3), 64, 4),
    "wide_resnet50_2": ("bottleneck", (3, 4, 6, 3), 1, 128),
    "wide_resnet101_2": ("bottleneck", (3, 4, 23, 3), 1, 128),
}


def conv3x3(inputs: int, outputs: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, groups=groups, bias=False)


def conv1x1(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs: int, planes: int, stride: int = 1, downsample: nn.Module | None = None):
        super().__init__()
        self.conv1 = conv3x3(inputs, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs: int, planes: int, stride: int = 1, downsample: nn.Module | None = None, groups: int = 1, base_width: int = 64):
        super().__init__()
        width = planes * base_width // 64 * groups
        self.conv1 = conv1x1(inputs, width)
        self.bn1 = nn.BatchNorm2d(width)
        # The stride is in the 3×3 convolution, as in torchvision ("ResNet v1.5").
        self.conv2 = conv3x3(width, width, stride, groups)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, block: type[BasicBlock] | type[Bottleneck], layers: tuple[int, int, int, int], num_classes: int = 1000, groups: int = 1, base_width: int = 64):
        super().__init__()
        self.inplanes = 64
        widths = {} if block is BasicBlock else {"groups": groups, "base_width": base_width}
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0], 1, widths)
        self.layer2 = self._make_layer(block, 128, layers[1], 2, widths)
        self.layer3 = self._make_layer(block, 256, layers[2], 2, widths)
        self.layer4 = self._make_layer(block, 512, layers[3], 2, widths)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)

    def _make_layer(self, block: type[BasicBlock] | type[Bottleneck], planes: int, blocks: int, stride: int, widths: dict[str, int]) -> nn.Sequential:
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(conv1x1(self.inplanes, planes * block.expansion, stride), nn.BatchNorm2d(planes * block.expansion))
        layers = [block(self.inplanes, planes, stride, downsample, **widths)]
        self.inplanes = planes * block.expansion
        layers += [block(self.inplanes, planes, **widths) for _ in range(1, blocks)]
        return nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def architecture_of(state: dict[str, Tensor]) -> str | None:
    """The architecture that has the names and shapes of a state dict; None if no ResNet has. src/vision/models/resnet.ts has the same."""
    kind = "bottleneck" if "layer1.0.conv3.weight" in state else "basic"
    if "conv1.weight" not in state or tuple(state["conv1.weight"].shape) != (64, 3, 7, 7) or "layer1.0.conv2.weight" not in state:
        return None
    inner = tuple(state["layer1.0.conv2.weight"].shape)
    found = [re.match(r"layer([1-4])\.(\d+)\.", name, re.ASCII) for name in state]
    counts = tuple(max((int(match[2]) for match in found if match and match[1] == stage), default=-1) + 1 for stage in "1234")
    for arch, (own_kind, layers, groups, base_width) in ARCHITECTURES.items():
        if own_kind == kind and layers == counts and inner == (base_width * groups, base_width, 3, 3):
            return arch
    return None


def build(arch: str, num_classes: int = 1000) -> ResNet:
    if arch not in ARCHITECTURES:
        raise ValueError(f"unknown architecture '{arch}': expected one of {', '.join(ARCHITECTURES)}")
    kind, layers, groups, base_width = ARCHITECTURES[arch]
    return ResNet(BasicBlock if kind == "basic" else Bottleneck, layers, num_classes, groups, base_width)


def resnet18(num_classes: int = 1000) -> ResNet:
    return build("resnet18", num_classes)


def resnet34(num_classes: int = 1000) -> ResNet:
    return build("resnet34", num_classes)


def resnet50(num_classes: int = 1000) -> ResNet:
    return build("resnet50", num_classes)


def resnet101(num_classes: int = 1000) -> ResNet:
    return build("resnet101", num_classes)


def resnet152(num_classes: int = 1000) -> ResNet:
    return build("resnet152", num_classes)
