// Shows on a terminal how much is compiled.
const ERASE = '\r\x1b[2K'

/** Whether a line can be rewritten in place: not in a pipe, nor on a terminal without cursor movement. */
export function isLive(terminal = process.stderr, env = process.env) {
  return terminal.isTTY === true && env.TERM !== 'dumb'
}

/**
 * Reads the output of Ninja or Make and shows one line: rooms compiled of all, time, the last room. Silent unless the terminal is live.
 * `rooms` is their number if all are compiled; Ninja prints how many steps it has.
 */
export class CompileProgress {
  constructor(rooms, { terminal = process.stderr, env = process.env, now = Date.now } = {}) {
    Object.assign(this, { total: rooms, terminal, now, live: isLive(terminal, env), began: now(), rest: '', compiled: 0 })
  }

  /** Takes a part of the output, which may end within a line. */
  take(chunk) {
    if (!this.live) return
    const lines = (this.rest + chunk).split('\n')
    this.rest = lines.pop()
    for (const line of lines) this.line(line)
  }

  /** Removes the line. */
  end() {
    if (this.live) this.terminal.write(ERASE)
  }

  line(line) {
    const [, steps, room] = /^\[ *\d+(?:%|\/(\d+))\] Building CXX object \S*\/unity_(\w+)_cxx\.cxx\.o/.exec(line) ?? []
    if (room !== undefined) {
      this.compiled++
      // Ninja's last step links.
      if (steps !== undefined) this.total = Number(steps) - 1
      this.show(`compiled ${this.compiled} of ${Math.max(this.compiled, this.total)} parts`, this.elapsed(), room)
    } else if (/^\[.*\] Linking /.test(line)) this.show(`compiled ${this.compiled} parts`, this.elapsed(), 'linking')
  }

  elapsed() {
    const seconds = Math.round((this.now() - this.began) / 1000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }

  /** Drops parts from the end until the rest fits; a terminal of unknown width reports 0 columns. */
  show(...parts) {
    const width = (this.terminal.columns || 100) - 1
    while (parts.length > 1 && parts.join(' · ').length > width) parts.pop()
    this.terminal.write(`${ERASE}${parts.join(' · ').slice(0, width)}`)
  }
}
