"""Corrections of missing and too wide annotations of torch's Python functions.

A key is `parameter` or `owner.parameter` (the latter wins); a value is a kind as src/torch/call/kinds.ts reads it. The generator fails on a row
that changes nothing, so none outlives its reason.
"""

REDUCTION = "(none|mean|sum)"

KINDS = {
    # Without annotation.
    "device": "v?",
    "dtype": "d?",
    "_random_samples": "T?",
    "cdist.x1": "T",
    "cdist.x2": "T",
    "cdist.p": "f<0..>",
    "cdist.compute_mode": "(use_mm_for_euclid_dist_if_necessary|use_mm_for_euclid_dist|donot_use_mm_for_euclid_dist)",
    "norm.input": "T",
    "norm.dim": "i|i[]?",
    "norm.keepdim": "b",
    "norm.p": "f|(fro|nuc)?",
    "tensordot.a": "T",
    "tensordot.b": "T",
    "tensordot.dims": "i|T|*[]",
    "lu.A": "T",
    "lu.pivot": "b",
    "lu.get_infos": "b",
    "unique.input": "T",
    "unique.sorted": "b",
    "unique.return_inverse": "b",
    "unique.return_counts": "b",
    "unique.dim": "i?",
    "unique_consecutive.input": "T",
    "unique_consecutive.return_inverse": "b",
    "unique_consecutive.return_counts": "b",
    "unique_consecutive.dim": "i?",
    "affine_grid.align_corners": "b?",
    "grid_sample.align_corners": "b?",
    "softsign.input": "T",
    "tanhshrink.input": "T",
    "state_dict.destination": "o?",
    "state_dict.prefix": "s",
    "state_dict.keep_vars": "b",
    # Tensors, where a graph's edges may stand for them.
    "backward.tensors": "T[*]",
    "backward.grad_tensors": "T?[*]?",
    "backward.gradient": "T?",
    "backward.retain_graph": "b?",
    "backward.create_graph": "b",
    "backward.inputs": "T[*]?",
    "grad.outputs": "T[*]",
    "grad.inputs": "T[*]",
    "grad.grad_outputs": "T?[*]?",
    "register_hook.hook": "c",
    # Strings of a fixed set.
    "reduction": REDUCTION,
    "kl_div.reduction": "(none|mean|sum|batchmean)",
    "KLDivLoss.reduction": "(none|mean|sum|batchmean)",
    "approximate": "(none|tanh)",
    "grid_sample.mode": "(bilinear|nearest|bicubic)",
    "grid_sample.padding_mode": "(zeros|border|reflection)",
    "embedding_bag.mode": "(sum|mean|max)",
    "EmbeddingBag.mode": "(sum|mean|max)",
    "pad.mode": "(constant|reflect|replicate|circular)",
    "interpolate.mode": "(nearest|linear|bilinear|bicubic|trilinear|area|nearest-exact)",
    "Upsample.mode": "(nearest|linear|bilinear|bicubic|trilinear|area|nearest-exact)",
    "stft.pad_mode": "(constant|reflect|replicate|circular)",
    # Python also accepts None.
    "normalize.dim": "i|i[]?",
    # A number or a list of numbers; the annotation names only one of them.
    "ctc_loss.input_lengths": "T|i[]",
    "ctc_loss.target_lengths": "T|i[]",
    "lp_pool1d.kernel_size": "i|i[]",
    "lp_pool2d.kernel_size": "i|i[]",
    "lp_pool3d.kernel_size": "i|i[]",
    "lp_pool1d.stride": "i|i[]?",
    "lp_pool2d.stride": "i|i[]?",
    "lp_pool3d.stride": "i|i[]?",
    # None keeps the input's size.
    "adaptive_avg_pool2d.output_size": "i|i?[]",
    "adaptive_avg_pool3d.output_size": "i|i?[]",
    "adaptive_max_pool1d.output_size": "i|i?[]",
    "adaptive_max_pool2d.output_size": "i|i?[]",
    "adaptive_max_pool3d.output_size": "i|i?[]",
    # An optimizer's parameters, and the ranges that Python checks.
    "Optimizer.params": "*",
    "Optimizer.lr": "T|f<0..>",
    "Optimizer.eps": "f<0..>",
    "Optimizer.betas": "f<0..!1>[=2]",
    "Optimizer.momentum": "f<0..>",
    "Optimizer.weight_decay": "f<0..>",
    "Optimizer.rho": "f<0..1>",
    "Optimizer.lr_decay": "f<0..>",
    "Optimizer.initial_accumulator_value": "f<0..>",
    "Optimizer.momentum_decay": "f<0..>",
    "RMSprop.alpha": "f<0..>",
    # Bounds that Python checks, or that the paper sets.
    "label_smoothing": "f<0..1>",
    "p": "f<0..1>",
    "dirac_.groups": "i<1..>",
    "sparse_.sparsity": "f<0..1>",
    # `p` is the order of a norm, not a probability.
    "normalize.p": "f",
    "multi_margin_loss.p": "i<1..2>",
    "triplet_margin_loss.p": "f",
    "MultiMarginLoss.p": "i<1..2>",
    "TripletMarginLoss.p": "f",
    "PairwiseDistance.p": "f",
    # The value to fill with.
    "constant_.val": "S",
    "pad.value": "S?",
    "Conv1d.padding": "(same|valid)|i<0..>[*1]",
    "Conv2d.padding": "(same|valid)|i<0..>[*2]",
    "Conv3d.padding": "(same|valid)|i<0..>[*3]",
    # A function or a module.
    "TripletMarginWithDistanceLoss.distance_function": "c|o?",
    # Stored as tuples, although the annotation does not say so.
    "AvgPool1d.kernel_size": "i<1..>[*1]",
    "AvgPool1d.stride": "i<1..>[*1]?",
    "AvgPool1d.padding": "i<0..>[*1]",
    "MaxUnpool1d.kernel_size": "i<1..>[*1]",
    "MaxUnpool1d.stride": "i<1..>[*1]?",
    "MaxUnpool1d.padding": "i<0..>[*1]",
    "MaxUnpool2d.kernel_size": "i<1..>[*2]",
    "MaxUnpool2d.stride": "i<1..>[*2]?",
    "MaxUnpool2d.padding": "i<0..>[*2]",
    "MaxUnpool3d.kernel_size": "i<1..>[*3]",
    "MaxUnpool3d.stride": "i<1..>[*3]?",
    "MaxUnpool3d.padding": "i<0..>[*3]",
    "FractionalMaxPool2d.kernel_size": "i<1..>[*2]",
    "FractionalMaxPool2d.output_size": "i<1..>[*2]?",
    "FractionalMaxPool2d.output_ratio": "f[*2]?",
    "FractionalMaxPool3d.kernel_size": "i<1..>[*3]",
    "FractionalMaxPool3d.output_size": "i<1..>[*3]?",
    "FractionalMaxPool3d.output_ratio": "f[*3]?",
}

# The minimum of a layer's argument of this name.
LEAST = {
    "kernel_size": 1,
    "stride": 1,
    "dilation": 1,
    "groups": 1,
    "divisor_override": 1,
    "num_groups": 1,
    "in1_features": 1,
    "padding": 0,
    "in_channels": 0,
    "out_channels": 0,
    "in_features": 0,
    "out_features": 0,
    "num_features": 0,
    "num_embeddings": 0,
    "embedding_dim": 0,
}

# TypeScript types of function arguments, which a kind cannot express.
TYPES = {
    "optimizer": "AnyOptimizer",
    "schedulers": "readonly LRScheduler[]",
    "lr_lambda": "((epoch: number) => number) | readonly ((epoch: number) => number)[]",
    "scale_fn": "(x: number) => number",
    "distance_function": "(one: Tensor, other: Tensor) => Tensor",
}

# Result types of functions without an annotation, and result types when one of these flags is set.
RESULTS = {
    "lu": "Tensor[]",
}
FLAGGED_RESULTS = {
    "grad": (("allowUnused",), "(Tensor | null)[]"),
    "unique": (("returnInverse", "returnCounts"), "Tensor[]"),
    "unique_consecutive": (("returnInverse", "returnCounts"), "Tensor[]"),
}

# Functions of torch that are also methods of Tensor.
METHODS = ("lu", "norm", "stft", "unique", "unique_consecutive")
