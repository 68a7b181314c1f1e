import { execFile } from 'node:child_process'

/**
 * Runs Node and returns its standard output.
 *
 * @throws Error with the program's error message, without its location and stack.
 */
export function nodeOutput(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const how = error.signal === undefined || error.signal === null ? '' : `the process was ended by ${error.signal}`
      reject(new Error([how, reasonOf(stderr)].filter((part) => part !== '').join('\n') || error.message))
    })
  })
}

function reasonOf(stderr: string): string {
  const [, message] = /^(?:\w*Error): ([\s\S]*?)(?=\n {4}at |\n\nNode\.js v|$)/m.exec(stderr) ?? []
  return (message ?? stderr).trim()
}
