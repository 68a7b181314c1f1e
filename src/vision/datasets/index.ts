export { decodeImage, decodeMask, type Resize, type Size } from './decode'
export { IMAGE_EXTENSIONS } from './image-files'
export { ImageFolder, imagesFromBytes, noneDecodable, type ImageFolderOptions } from './image-folder'
export { makeTextures, TEXTURE_CLASSES, type TextureOptions, type TextureSet } from './textures'
