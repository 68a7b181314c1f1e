// Written from the schemas by `npm test -- pixelcl/option-types -u`; do not edit.
/** All options of a pretraining run. */
export interface PretrainOptions {
  /** The set of options that hold where nothing else is said; see `pixelcl recipes`. Default 'dense'. */
  recipe?: 'dense' | 'reference' | undefined
  /** What is pretrained. */
  backbone: {
    /** A TorchScript file, a ResNet's state dict, a trainer's checkpoint, or the address of one; or a name: resnet50 (random weights), resnet50:DEFAULT (torchvision's). */
    file: string
    /** The ResNet of a state dict; default: inferred from its names. */
    arch?: 'resnet18' | 'resnet34' | 'resnet50' | 'resnet101' | 'resnet152' | 'resnext50_32x4d' | 'resnext101_32x8d' | 'resnext101_64x4d' | 'wide_resnet50_2' | 'wide_resnet101_2' | undefined
    /** The path to one of several ResNets in a checkpoint, such as module.encoder_k. */
    prefix?: string | undefined
  }
  /** What it is pretrained on, and how images become batches. */
  data: {
    /** The folder of images; folders in it count. */
    folder: string
    /** Height and width that images are brought to, in pixels; imageSize for both when left out. Each a whole number of at least 1. */
    inputSize?: [number, number] | undefined
    /** How an image is brought to that size: crop cuts the middle out, stretch keeps all. Default 'crop'. */
    resize?: 'crop' | 'stretch' | undefined
    /** Images in a step. A whole number of at least 2. Default 16. */
    batchSize?: number | undefined
    /** Batches that are decoded ahead. A whole number from 0 to 64. Default 2. */
    prefetch?: number | undefined
  }
  /** Output, seed, device and threads. */
  run: {
    /** The folder that the run writes. */
    out: string
    /** Replaces the run that is there. Default false. */
    overwrite?: boolean | undefined
    /** Steps after which the backbone is written each time; 0: at the end only. A whole number of at least 0. Default 0. */
    saveEvery?: number | undefined
    /** Decides initialisation, order, views and augmentations. A whole number of at least 0. Default 0. */
    seed?: number | undefined
    /** Where the learner runs: cpu, cuda:0, …. Default 'cpu'. */
    device?: string | undefined
    /** Threads of libtorch; libtorch's own choice when left out. A whole number of at least 1. */
    threads?: number | undefined
  }
  /** Length of the training, schedules of the learning rate and of the target's decay. */
  schedule?: {
    /** Optimizer steps; by the number of images when left out. A whole number of at least 1. */
    steps?: number | undefined
    /** Passes over the images, in place of steps. A number above 0. */
    epochs?: number | undefined
    /** Of the learning rate after the warm-up: cosine falls to 0. Default 'cosine'. */
    shape?: 'cosine' | 'constant' | undefined
    /** Steps over which the learning rate rises to its highest. A whole number of at least 0. Default 10. */
    warmupSteps?: number | undefined
    /** Where the target's decay ends, moving along a cosine; it stays when left out. A number from 0 to 1. */
    movingAverageDecayEnd?: number | undefined
  } | undefined
  /** What applies the gradients. */
  optimizer?: {
    /** sgd has a momentum of 0.9. Default 'adam'. */
    algorithm?: 'adam' | 'adamw' | 'sgd' | undefined
    /** The highest learning rate. A number above 0. Default 0.0001. */
    lr?: number | undefined
    /** The optimizer's weight decay. A number of at least 0. Default 0. */
    weightDecay?: number | undefined
  } | undefined
  /** What the backbone is measured on before and after. */
  evaluation?: {
    /** Images that are not trained on but measured before and after, at most 256 of them, and fewer where more would take longer than a tenth of the training; the first are shown in the report. A whole number of at least 0. Default 8. */
    heldOut?: number | undefined
    /** A folder of masks of class numbers (PNG), named like the images or with _mask behind; they are measured by kNN and linear mIoU. */
    masks?: string | undefined
    /** A text file that names the classes of masks, one on a line, the first of class 0. */
    maskClasses?: string | undefined
    /** The class in masks that counts for nothing, a number or a name, or none; 255 when left out. */
    maskIgnore?: number | string | undefined
  } | undefined
  /** The learner's options that JSON can hold. */
  learner?: {
    /** Side of the images in pixels, where inputSize is left out. A whole number of at least 1. Default 256. */
    imageSize?: number | undefined
    /** Channels of the images; those that the backbone's first convolution takes when left out. A whole number of at least 1. */
    channels?: number | undefined
    /** The layer whose map the pixel loss reads: a name, or an index into the backbone's children. Default -2. */
    hiddenLayerPixel?: string | number | undefined
    /** The layer that the instance loss reads, flattened: a name or an index; none is needed where its weight is 0. Default -2. */
    hiddenLayerInstance?: string | number | undefined
    /** Channels of the projections that are compared. A whole number of at least 1. Default 256. */
    projectionSize?: number | undefined
    /** Channels of the hidden layer of projectors and predictor. A whole number of at least 1. Default 2048. */
    projectionHiddenSize?: number | undefined
    /** Probability of a horizontal flip, of each view. A number from 0 to 1. Default 0.25. */
    probRandHflip?: number | undefined
    /** Share of the target that stays in an update. A number from 0 to 1. Default 0.99. */
    movingAverageDecay?: number | undefined
    /** Layers of the pixel propagation's transform. Default 1. */
    ppmNumLayers?: 0 | 1 | 2 | undefined
    /** How sharply the pixel propagation prefers similar pixels. A number above 0. Default 2. */
    ppmGamma?: number | undefined
    /** Pixels nearer than this are a positive pair. A number above 0. Default 0.7. */
    distanceThres?: number | undefined
    /** Temperature of PixContrast. A number above 0. Default 0.3. */
    similarityTemperature?: number | undefined
    /** Weight of the pixel loss. Default 1. */
    alpha?: number | undefined
    /** PixPro (pixel propagation); else PixContrast. Default true. */
    usePixpro?: boolean | undefined
    /** Least and largest share of the image's sides that a view's box has. 0 < low ≤ high ≤ 1. Default [0.6, 0.8]. */
    cutoutRatioRange?: [number, number] | undefined
    /** How a box is resized to the size of a view. Default 'nearest'. */
    cutoutInterpolateMode?: 'nearest' | 'bilinear' | 'bicubic' | 'area' | 'nearest-exact' | undefined
    /** How the coordinates of a box are resized to the map. Default 'bilinear'. */
    coordCutoutInterpolateMode?: 'nearest' | 'bilinear' | 'bicubic' | 'area' | 'nearest-exact' | undefined
    /** Weight of the instance loss; 0 leaves the instance branch out. A number of at least 0. Default 1. */
    instanceWeight?: number | undefined
    /** 'batch': one ratio over the pooled batch, as the reference; 'pixel': one for each pixel, as the paper. Default 'batch'. */
    contrast?: 'batch' | 'pixel' | undefined
    /** 'batch': one box and flip for all images; 'sample': every image its own. Default 'batch'. */
    cropPer?: 'batch' | 'sample' | undefined
    /** 'image': the reference's scaling; 'bin': distances of bin centres over the larger bin diagonal, as the authors. Default 'image'. */
    distance?: 'image' | 'bin' | undefined
    /** Height and width that views are resized to; the images' own when left out, so that larger images give sharper views. Each a whole number of at least 1. */
    viewSize?: [number, number] | undefined
  } | undefined
  /** Strengths of the augmentations. */
  augmentation?: {
    /** Largest change of brightness, contrast, saturation and, in whole turns, hue. At least 0, at least 0, at least 0, from 0 to 0.5. Default [0.8, 0.8, 0.8, 0.2]. */
    colorJitter?: [number, number, number, number] | undefined
    /** Probability of the colour jitter, of each batch. A number from 0 to 1. Default 0.8. */
    probColorJitter?: number | undefined
    /** Probability of grey, of each image. A number from 0 to 1. Default 0.2. */
    probGrayscale?: number | undefined
    /** Probability of a blur, of each batch. A number from 0 to 1. Default 0.1. */
    probBlur?: number | undefined
    /** Probability that bright values are inverted, of each image. A number from 0 to 1. Default 0.5. */
    probSolarize?: number | undefined
  } | undefined
}
