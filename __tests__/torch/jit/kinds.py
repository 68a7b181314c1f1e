"""Small networks that stand for the kinds of torchvision's: what is particular of each kind, and no more."""
from typing import List, NamedTuple, Optional

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // 4, 1)
        self.fc2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(F.silu(self.fc1(self.avgpool(x)))))


class InvertedResidual(nn.Module):
    """Expands, convolves each channel alone, gates, projects; a shortcut where the shape stays (MobileNet, EfficientNet)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.use_res_connect = stride == 1 and inputs == outputs
        wide = 4 * inputs
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.Hardswish(inplace=True),
            SqueezeExcite(wide), nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        if self.use_res_connect:
            return x + self.conv(x)
        else:
            return self.conv(x)


class InvertedResiduals(nn.Module):
    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(channels, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(inplace=True)),
            InvertedResidual(8, 8, 1), InvertedResidual(8, 16, 2), InvertedResidual(16, 16, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(16, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1)).reshape(x.shape[0], -1)
        return self.classifier(x)


class WindowBlock(nn.Module):
    """Attention inside windows of a map [N, h, w, C], shifted in every second block (Swin)."""

    def __init__(self, dim: int, window: int, shift: int) -> None:
        super().__init__()
        self.window = window
        self.shift = shift
        self.norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.zeros(window * window, window * window))

    def forward(self, x: Tensor) -> Tensor:
        n, h, w, c = x.shape
        k = self.window
        y = self.norm(x)
        if self.shift > 0:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = y.view(n, h // k, k, w // k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, k * k, c)
        q, key, v = self.qkv(y).chunk(3, -1)
        y = self.proj(torch.softmax(q @ key.transpose(1, 2) / c ** 0.5 + self.bias, -1) @ v)
        y = y.view(n, h // k, w // k, k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        if self.shift > 0:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        return x + y


class PatchMerging(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        parts = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]]
        return self.reduction(torch.cat(parts, -1))


class Permute(nn.Module):
    def __init__(self, dims: List[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return torch.permute(x, self.dims)


class Windowed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 12, 4, 4), Permute([0, 2, 3, 1]), nn.LayerNorm(12)),
            nn.Sequential(WindowBlock(12, 4, 0), WindowBlock(12, 4, 2)),
            PatchMerging(12),
            nn.Sequential(WindowBlock(24, 4, 0)))
        self.norm = nn.LayerNorm(24)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.features(x)).mean((1, 2)))


class LayerNorm2d(nn.LayerNorm):
    """Of the channels of a map [N, C, h, w]."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class ScaledBlock(nn.Module):
    """Convolves each channel alone, then mixes channels by linear layers on [N, h, w, C], scaled by a weight for each (ConvNeXt)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute([0, 2, 3, 1]), nn.LayerNorm(dim, eps=1e-6),
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]))
        self.layer_scale = nn.Parameter(torch.full((dim, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer_scale * self.block(x) + x


class Scaled(nn.Module):
    """Norms of layers in place of batches, so that no layer depends on the rest of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 8, 4, 4), LayerNorm2d(8)), nn.Sequential(ScaledBlock(8), ScaledBlock(8)),
            nn.Sequential(LayerNorm2d(8), nn.Conv2d(8, 16, 2, 2)), nn.Sequential(ScaledBlock(16)))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(LayerNorm2d(16), nn.Flatten(1), nn.Linear(16, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)))


class DenseLayer(nn.Module):
    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, 2 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(2 * growth), nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, inputs: List[Tensor]) -> Tensor:
        x = self.conv1(self.relu(self.norm1(torch.cat(inputs, 1))))
        return self.conv2(self.relu(self.norm2(x)))


class DenseBlock(nn.ModuleDict):
    """Each layer takes the maps of all before it (DenseNet)."""

    def __init__(self, inputs: int, growth: int, count: int) -> None:
        super().__init__()
        for i in range(count):
            self.add_module(f"denselayer{i + 1}", DenseLayer(inputs + i * growth, growth))

    def forward(self, start: Tensor) -> Tensor:
        maps = [start]
        for name, layer in self.items():
            maps.append(layer(maps))
        return torch.cat(maps, 1)


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    n, c, h, w = x.size()
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


class ShuffleUnit(nn.Module):
    """Halves the channels, changes one half, and shuffles them (ShuffleNet)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch2 = nn.Sequential(
            nn.Conv2d(half, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True),
            nn.Conv2d(half, half, 3, padding=1, groups=half, bias=False), nn.BatchNorm2d(half))

    def forward(self, x: Tensor) -> Tensor:
        x1, x2 = x.chunk(2, dim=1)
        return channel_shuffle(torch.cat((x1, self.branch2(x2)), dim=1), 2)


class Joined(nn.Module):
    """Maps that are joined along their channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.denseblock1 = DenseBlock(8, 4, 2)
        self.transition1 = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.Conv2d(16, 12, 1, bias=False), nn.AvgPool2d(2, 2))
        self.stage2 = nn.Sequential(ShuffleUnit(12), ShuffleUnit(12))
        self.fc = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stage2(self.transition1(self.denseblock1(self.conv0(x))))
        return self.fc(x.mean([2, 3]))


class EncoderBlock(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim)
        self.self_attention = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.ln_2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, input: Tensor) -> Tensor:
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = x + input
        return x + self.mlp(self.ln_2(x))


class TokenViT(nn.Module):
    """Patches of 8, a class token and, if asked for, register tokens; positions fit any number of patches."""

    def __init__(self, registers: int = 0, patch: int = 8) -> None:
        super().__init__()
        dim = 16
        self.conv_proj = nn.Conv2d(3, dim, patch, patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, dim))
        self.registers: Optional[nn.Parameter] = nn.Parameter(torch.randn(1, registers, dim)) if registers > 0 else None
        self.encoder = nn.Sequential(EncoderBlock(dim), EncoderBlock(dim))
        self.ln = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, x: Tensor, return_features: bool = False) -> Tensor:
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        tokens = [self.class_token.expand(x.shape[0], -1, -1)]
        registers = self.registers
        if registers is not None:
            tokens.append(registers.expand(x.shape[0], -1, -1))
        x = self.ln(self.encoder(torch.cat(tokens + [x], 1)))
        return x if return_features else self.head(x[:, 0])


class InceptionBlock(nn.Module):
    """Branches side by side, one of them pooling; their channels are joined."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch1x1 = nn.Conv2d(inputs, 4, 1)
        self.branch5x5 = nn.Conv2d(inputs, 4, 5, padding=2)
        self.branch_pool = nn.Conv2d(inputs, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.branch_pool(F.avg_pool2d(x, 3, 1, 1))
        return torch.cat([self.branch1x1(x), self.branch5x5(x), pooled], 1)


class InceptionAux(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(inputs, 6, 1)
        self.conv1 = nn.Conv2d(6, 8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1(self.conv0(F.avg_pool2d(x, 5, 3)))


class Outputs(NamedTuple):
    logits: Tensor
    aux_logits: Optional[Tensor]


class Inception(nn.Module):
    """Branches, two outputs, and an auxiliary head in training that needs a map of 17 × 17, as images of 68 pixels give."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.Mixed_5b = InceptionBlock(8)
        self.AuxLogits: Optional[nn.Module] = InceptionAux(12)
        self.Mixed_7c = InceptionBlock(12)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Outputs:
        x = self.Mixed_5b(self.stem(x))
        aux: Optional[Tensor] = None
        if self.AuxLogits is not None:
            if self.training:
                aux = self.AuxLogits(x)
        x = self.fc(torch.flatten(self.avgpool(self.Mixed_7c(x)), 1))
        return Outputs(x, aux)


class Fixed(nn.Module):
    """Takes images of one size, as transformers with positions for each patch do."""

    def __init__(self, size: int = 64) -> None:
        super().__init__()
        self.size = size
        self.conv_proj = nn.Conv2d(3, 6, 8, 8)
        self.positions = nn.Parameter(torch.zeros(1, 6, size // 8, size // 8))
        self.map = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        torch._assert(x.shape[2] == self.size, f"Wrong image height! Expected {self.size} but got {x.shape[2]}!")
        return self.map(self.conv_proj(x) + self.positions)


class Listed(nn.Module):
    """Blocks in a list, which forward never calls itself, on maps of one size, as MaxViT's windows need."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.blocks = nn.ModuleList([nn.Conv2d(6, 6, 3, 2, 1), nn.Conv2d(6, 8, 3, 2, 1)])
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.reshape(x.shape[0], 8, 64).mean(2))
