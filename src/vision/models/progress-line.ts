import { LiveLine, type Terminal } from '../../common/terminal'

/** Shows a download: one live line on a terminal, two plain lines elsewhere. */
export interface ProgressLine {
  tell(received: number, total: number | null): void
  end(): void
}

const MILLISECONDS_BETWEEN = 100

/** Starts by printing source and destination, and how much of the file is there already. */
export function progressLine(url: string, path: string, bytes = 0, out: Terminal = process.stderr): ProgressLine {
  const line = new LiveLine(out)
  const begun = bytes === 0 ? '' : `, of which an earlier download left ${describeProgress(bytes, null)}`
  line.print(`downloading ${url} to ${path}${begun}`)
  let last = ''
  let shownAt = -Infinity
  return {
    tell(received, total) {
      last = describeProgress(received, total)
      const now = performance.now()
      if (received !== total && now - shownAt < MILLISECONDS_BETWEEN) return
      shownAt = now
      line.show(last)
    },
    end() {
      if (last === '') return
      if (!line.live) return line.print(last)
      line.show(last)
      line.end()
    },
  }
}

/** As `45.2 of 97.8 MB (46 %)`. */
export function describeProgress(received: number, total: number | null): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  if (total === null) return `${megabytes(received)} MB`
  return `${megabytes(received)} of ${megabytes(total)} MB (${total === 0 ? 100 : Math.floor((100 * received) / total)} %)`
}
