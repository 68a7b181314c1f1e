// npm publish runs this first: it refuses while package.json has no repository of the publisher's. Node built-ins only.
import { readJson } from './setup/cache.mjs'
import { packageRoot } from './setup/stamp.cjs'

const { repository, homepage, bugs } = readJson(`${packageRoot}/package.json`)
if ([repository.url, homepage, bugs.url].some((url) => url.includes('/OWNER/'))) {
  process.stderr.write(`package.json names no repository yet, and the README's links on npm's page depend on it. Fill it in:
  npm pkg set repository.url=git+https://github.com/OWNER/pixelcl.git homepage=https://github.com/OWNER/pixelcl#readme bugs.url=https://github.com/OWNER/pixelcl/issues
with your name in place of OWNER.\n`)
  process.exitCode = 1
}
