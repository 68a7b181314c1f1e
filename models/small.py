"""Writes models/small.pt, the backbone of the demo: a residual network of stride 8, 32 to 128 channels wide, randomly initialised.

Its convolutions pad by reflection. Zeros would tell so small a network where in the view a pixel lies, which is easier to learn than what it shows.

    python models/small.py models/small.pt --seed 0
"""
import argparse

from setup_python import with_torch

with_torch()

import torch  # noqa: E402
from resnet import BasicBlock, conv1x1  # noqa: E402
from torch import Tensor, nn  # noqa: E402


def reflecting(conv: nn.Conv2d) -> nn.Conv2d:
    """The same convolution with reflected pixels for padding."""
    # On the meta device no weight is drawn, so the seed gives the same weights whatever the padding.
    padded = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, bias=False, padding_mode="reflect", device="meta")
    padded.weight = conv.weight
    return padded


def block(inputs: int, planes: int, stride: int = 1, downsample: nn.Module | None = None) -> BasicBlock:
    made = BasicBlock(inputs, planes, stride, downsample)
    made.conv1, made.conv2 = reflecting(made.conv1), reflecting(made.conv2)
    return made


class SmallResNet(nn.Module):
    def __init__(self, width: int = 32, num_classes: int = 10):
        super().__init__()
        self.conv1 = reflecting(nn.Conv2d(3, width, kernel_size=3, stride=2, padding=1, bias=False))
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(block(width, width))
        self.layer2 = self.stage(width, 2 * width)
        self.layer3 = self.stage(2 * width, 4 * width)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(4 * width, num_classes)

    def stage(self, inputs: int, planes: int) -> nn.Sequential:
        return nn.Sequential(block(inputs, planes, 2, nn.Sequential(conv1x1(inputs, planes, 2), nn.BatchNorm2d(planes))))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model = SmallResNet().train()
    torch.jit.script(model).save(options.out)
    print(f"{options.out}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")


if __name__ == "__main__":
    main()
