/** Python that builds the published package's learner on a torchvision-style ResNet, with views and augmentations under the test's hand. */
export const referenceLearner = `
import importlib, warnings; warnings.filterwarnings('ignore')
from torch import nn
import torch.nn.functional as F
import pixel_level_contrastive_learning.pixel_level_contrastive_learning as package
importlib.reload(package)

class BasicBlock(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)) if stride != 1 or inputs != planes else None

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)

class ResNet(nn.Module):
    def __init__(self, blocks, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for i, planes in enumerate([64, 128, 256, 512]):
            stage = [BasicBlock(inputs if j == 0 else planes, planes, 2 if i > 0 and j == 0 else 1) for j in range(blocks)]
            setattr(self, f'layer{i + 1}', nn.Sequential(*stage))
            inputs = planes
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))

def build(options, blocks=1, classes=10):
    return package.PixelCL(ResNet(blocks, classes), **options)

def force(views):
    """The next forward takes these views, in place of drawing them."""
    flips = [view['hflip'] for view in views]
    boxes = [((v['box']['y0'], v['box']['y1']), (v['box']['x0'], v['box']['x1'])) for v in views]
    package.rand_true = lambda probability: flips.pop(0)
    package.cutout_coordinates = lambda image, ratio_range: (boxes.pop(0), None)
`
