import { join } from 'node:path'

/** Python code that imports this repository's own plain-torch definition of the ResNets as `resnet`. */
export const withResNet = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(join(__dirname, '..', '..', '..', 'models'))})
import resnet
`
