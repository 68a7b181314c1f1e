"""What the annotations of torch's Python functions leave out or leave too wide.

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
    "cdist.compute_mode": "(useMmForEuclidDistIfNecessary|useMmForEuclidDist|donotUseMmForEuclidDist)",
    "norm.input": "T",
    "norm.dim": "i|i[]?",
    "norm.keepdim": "b",
    "tensordot.a": "T",
    "tensordot.b": "T",
    "tensordot.dims": "i|T|*[]",
    "softsign.input": "T",
    "tanhshrink.input": "T",
    # Words.
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
    # Python takes None, too.
    "normalize.dim": "i|i[]?",
    # A number or a list of them, where the annotation names one of both.
    "ctc_loss.input_lengths": "T|i[]",
    "ctc_loss.target_lengths": "T|i[]",
    # Bounds that Python checks, or that the paper sets.
    "label_smoothing": "f<0..1>",
    "p": "f<0..1>",
}
