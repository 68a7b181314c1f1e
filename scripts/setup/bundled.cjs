// Says that the package was copied into a bundle. CommonJS without imports, so that every entry can load it in every bundle.
const BUNDLED = `pixelcl was copied into a bundle, where it cannot find its files and its compiled shim. Leave it external, so that Node loads it from node_modules:
  - esbuild    --external:pixelcl   (or --packages=external)
  - webpack    externals: { pixelcl: 'commonjs pixelcl', 'pixelcl/torch': 'commonjs pixelcl/torch', 'pixelcl/vision': 'commonjs pixelcl/vision' }
  - vite       ssr: { external: ['pixelcl'] }
  - Next.js    serverExternalPackages: ['pixelcl']
docs/BUNDLERS.md in the package has these and more.`

module.exports = { BUNDLED }
