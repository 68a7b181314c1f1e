// Groups of test files, which are the columns of a table.

/** The results of the tests in these files and folders, as a table cell. */
export function cellOf(paths, tally) {
  const results = paths.map((path) => Object.entries(tally.files).filter(([file]) => file === path || file.startsWith(`${path}/`)))
  if (results.some((files) => files.length === 0)) return 'did not run'
  const sum = (key) => results.flat().reduce((total, [, result]) => total + result[key], 0)
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped} (${sum('seconds').toFixed(0)} s)`
}
