// Supported versions of libtorch. CommonJS, because both the set-up and src/native load it.
const INSTALLED_VERSION = '2.13.0'
const OLDEST = [2, 11]
const NEWEST = [2, 14]
const SUPPORTED_VERSIONS = `${OLDEST.join('.')} to ${NEWEST.join('.')}`

function standingOf(version) {
  const [major, minor] = version.split('.').map(Number)
  const below = ([a, b], [c, d]) => a < c || (a === c && b < d)
  if (below([major, minor], OLDEST)) return 'older'
  return below(NEWEST, [major, minor]) ? 'newer' : 'supported'
}

module.exports = { INSTALLED_VERSION, SUPPORTED_VERSIONS, standingOf }
