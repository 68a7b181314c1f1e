import pathlib
import sys
import time

import torch
from pixel_level_contrastive_learning import PixelCL
from serve import serve

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "models"))
sys.dont_write_bytecode = True
from resnet import resnet50  # noqa: E402

batch, size, threads = (int(argument) for argument in sys.argv[1:4])
device = sys.argv[4] if len(sys.argv) > 4 else "cpu"
torch.set_num_threads(threads)
torch.manual_seed(0)
learner = PixelCL(resnet50(), image_size=size, hidden_layer_pixel="layer4", hidden_layer_instance=-2, augment_fn=torch.nn.Identity()).to(device)
optimizer = torch.optim.Adam(learner.parameters(), lr=1e-4)
images = torch.rand(batch, 3, size, size).to(device)


def peak():
    if device != "cpu":
        return torch.cuda.max_memory_allocated(device)
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024


def round_():
    start = time.perf_counter()
    loss = learner(images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    learner.update_moving_average()
    if device != "cpu":
        torch.cuda.synchronize(device)
    return {"seconds": time.perf_counter() - start, "peak": peak(), "loss": loss.item()}


round_()
serve(round_)
