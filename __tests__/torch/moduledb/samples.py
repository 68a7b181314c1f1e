"""What PyTorch's own database of modules, torch.testing._internal.common_modules.module_db, builds and computes on the CPU.

moduledb.test.ts builds and computes the same in Node. SAMPLES adds the classes that the database lacks.
"""
import inspect
import warnings

import torch
from torch import nn
from torch.testing._internal.common_modules import FunctionInput, ModuleInput, module_db

SEED = 11
warnings.simplefilter("ignore")


def sample(constructor, *inputs, **options):
    """A constructor's arguments and the shapes of its inputs; a tensor stands for itself."""
    return constructor, options, inputs


# Classes and options of torch.nn that module_db leaves out.
SAMPLES = {
    "AlphaDropout": [sample((0.3,), (4, 6))],
    "ChannelShuffle": [sample((2,), (1, 4, 3, 3))],
    "CosineSimilarity": [sample((), (3, 4), (3, 4)), sample((), (3, 4), (3, 4), dim=0, eps=1e-3)],
    "Dropout": [sample((), (4, 5)), sample((0.2,), (4, 5), inplace=False), sample((1.0,), (5,))],
    "Dropout1d": [sample((), (2, 3, 4)), sample((0.3,), (3, 4))],
    "Dropout2d": [sample((0.3,), (2, 3, 4, 4))],
    "Dropout3d": [sample((0.3,), (2, 3, 2, 2, 2)), sample((), (3, 2, 2, 2))],
    "EmbeddingBag": [
        sample((5, 3), torch.tensor([[0, 4, 2], [1, 1, 3]])),
        sample((5, 3), torch.tensor([0, 4, 2, 1]), torch.tensor([0, 3]), mode="max"),
        sample((5, 3), torch.tensor([0, 4, 2, 1]), torch.tensor([0, 3, 4]), torch.tensor([0.5, 2.0, 1.0, -1.0]), mode="sum", include_last_offset=True),
        sample((5, 3), torch.tensor([[0, 4]]), padding_idx=-1, max_norm=1.0, norm_type=1.0),
    ],
    "Embedding": [sample((5, 3), torch.tensor([[0, 4], [1, 1]]), padding_idx=-1, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)],
    "FeatureAlphaDropout": [sample((0.3,), (2, 4, 3))],
    "Flatten": [sample((), (2, 3, 4)), sample((0, 1), (2, 3, 4))],
    "Fold": [sample(((4, 5), (2, 2)), (1, 12, 12)), sample((4, 2), (1, 8, 4), stride=2)],
    "Hardsigmoid": [sample((), (4, 5))],
    "Identity": [sample((), (4, 5))],
    "MaxUnpool1d": [sample((2,), (1, 2, 3), torch.tensor([[[0, 2, 5], [1, 3, 4]]]))],
    "MaxUnpool2d": [sample((2,), (1, 1, 2, 2), torch.tensor([[[[0, 3], [8, 15]]]]), stride=2)],
    "MaxUnpool3d": [sample((2,), (1, 1, 1, 1, 2), torch.tensor([[[[[1, 15]]]]]))],
    "PairwiseDistance": [sample((), (3, 4), (3, 4)), sample((1.0,), (3, 4), (3, 4), eps=1e-3, keepdim=True)],
    "PixelShuffle": [sample((2,), (1, 8, 3, 3))],
    "PixelUnshuffle": [sample((3,), (1, 2, 6, 6))],
    "RReLU": [sample((), (4, 5)), sample((0.2, 0.4), (4, 5))],
    "TripletMarginLoss": [sample((), (3, 4), (3, 4), (3, 4)), sample((0.5,), (3, 4), (3, 4), (3, 4), p=1.0, swap=True, reduction="sum")],
    "TripletMarginWithDistanceLoss": [sample((), (3, 4), (3, 4), (3, 4), margin=0.5, swap=True)],
    "Unflatten": [sample((1, (2, 3)), (4, 6))],
    "Unfold": [sample((2,), (1, 2, 4, 5)), sample(((2, 3),), (2, 2, 4, 5), dilation=1, padding=(1, 2), stride=2)],
    "Upsample": [
        sample((), (1, 2, 3), scale_factor=2.0),
        sample((), (1, 2, 3, 4), size=(5, 7), mode="bilinear", align_corners=True),
        sample((), (1, 2, 3, 4), scale_factor=(2.0, 1.5), mode="bicubic"),
        sample((), (1, 2, 3, 3, 2), size=5, mode="trilinear"),
        sample((), (1, 2, 4), size=6, mode="linear", align_corners=False),
        sample((), (1, 2, 4, 4), scale_factor=1.7, mode="nearest-exact", recompute_scale_factor=True),
    ],
    "UpsamplingBilinear2d": [sample((), (1, 2, 3, 4), scale_factor=2.0)],
    "UpsamplingNearest2d": [sample((), (1, 2, 3, 4), size=(5, 7))],
}


def module_inputs(name, dtype, training):
    info = next((info for info in module_db if info.name == f"nn.{name}"), None)
    made = [] if info is None else list(info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training))
    for constructor, options, inputs in SAMPLES.get(name, []):
        tensors = [
            (x.to(dtype) if x.is_floating_point() else x) if isinstance(x, torch.Tensor) else torch.randn(x, dtype=dtype, requires_grad=True)
            for x in inputs
        ]
        made.append(ModuleInput(FunctionInput(*constructor, **options), FunctionInput(*tensors)))
    return made


def with_floats(cls, given):
    """A class's arguments with whole numbers as floats where it takes floats: JavaScript has one kind of number, printed as the parameter's."""
    signature = inspect.signature(cls)
    bound = signature.bind(*given.args, **given.kwargs)
    for key, value in bound.arguments.items():
        parameter = signature.parameters[key]
        takes_float = isinstance(parameter.default, float) or parameter.annotation is float
        if isinstance(value, int) and not isinstance(value, bool) and takes_float:
            bound.arguments[key] = float(value)
    return cls(*bound.args, **bound.kwargs)


def tensors_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors_of(item)] if isinstance(value, (list, tuple)) else []


def weights_for(tensor):
    """Weights of a sum that has other gradients everywhere."""
    return torch.linspace(0.5, 1.5, max(tensor.numel(), 1), dtype=torch.float64)[: tensor.numel()].reshape(tensor.shape).to(tensor.dtype)


def leaf(value):
    """A tensor as one in which gradients gather."""
    return value.detach().clone().requires_grad_(value.requires_grad) if isinstance(value, torch.Tensor) else value


def compute(name, given, dtype, training):
    cls = getattr(nn, name)
    torch.manual_seed(SEED)
    module = cls(*given.constructor_input.args, **given.constructor_input.kwargs)
    initial = {key: value.clone() for key, value in module.state_dict().items()}
    module.to(dtype).train(training)
    args = [leaf(x) for x in given.forward_input.args]
    kwargs = {key: leaf(x) for key, x in given.forward_input.kwargs.items()}
    # What is sent must be unchanged by the call.
    sent = {"args": [leaf(x) for x in args], "kwargs": {key: leaf(x) for key, x in kwargs.items()}}
    torch.manual_seed(SEED)
    results = tensors_of(module(*args, **kwargs))
    total = sum((weights_for(r) * r).sum() for r in results if r.is_floating_point() and r.requires_grad)
    if isinstance(total, torch.Tensor):
        total.backward()
    return {
        "constructor": {"args": list(given.constructor_input.args), "kwargs": given.constructor_input.kwargs},
        "forward": sent,
        "training": training,
        "printed": str(with_floats(cls, given.constructor_input)),
        "initial": initial,
        "outputs": [r.detach() for r in results],
        "inputGradients": [x.grad for x in [*args, *kwargs.values()] if isinstance(x, torch.Tensor)],
        "parameterGradients": {key: p.grad for key, p in module.named_parameters()},
        "state": module.state_dict(),
    }


def compute_all(name, dtype):
    """Everything about one class in one dtype, in training and in evaluation."""
    dtype = getattr(torch, dtype)
    torch.manual_seed(SEED)
    return [compute(name, given, dtype, training) for training in (True, False) for given in module_inputs(name, dtype, training)]


def class_names():
    """The public module classes of torch.nn."""
    return [n for n in sorted(dir(nn)) if inspect.isclass(getattr(nn, n)) and issubclass(getattr(nn, n), nn.Module)]


def names():
    in_database = {info.name.removeprefix("nn.") for info in module_db}
    return {"classes": class_names(), "database": sorted(in_database), "own": sorted(SAMPLES)}


def run_saved(path, args, training):
    """What a TorchScript file computes in a mode, and whether one step of training changes its weights as it should."""
    program = torch.jit.load(path).train(training)
    torch.manual_seed(SEED)
    results = tensors_of(program(*args))
    total = sum((weights_for(r) * r).sum() for r in results if r.is_floating_point() and r.requires_grad)
    if isinstance(total, torch.Tensor):
        total.backward()
    parameters = dict(program.named_parameters())
    state = {key: value.detach().clone() for key, value in program.state_dict().items()}
    if parameters:
        torch.optim.SGD(parameters.values(), lr=0.1).step()
    untrained = [key for key, p in parameters.items() if p.grad is not None and not torch.allclose(p, state[key] - 0.1 * p.grad)]
    return {
        "outputs": [r.detach() for r in results],
        "inputGradients": [x.grad for x in args if isinstance(x, torch.Tensor)],
        "gradients": {key: p.grad for key, p in parameters.items()},
        "state": state,
        "untrained": untrained,
    }


def run_all_saved(files):
    answers = []
    for file in files:
        try:
            answers.append(run_saved(file["path"], file["args"], file["training"]))
        except Exception as error:  # noqa: BLE001  the test reports it with the sample's name
            answers.append({"error": str(error).strip().splitlines()[-1]})
    return answers
