import { spawn } from 'node:child_process'
import { BIN, type Scratch } from './devtrail.ts'

/** `devtrail serve`, until it is disposed of. */
export async function serve(
  scratch: Scratch,
  log: string,
  ...more: readonly string[]
): Promise<AsyncDisposable & { readonly url: string }> {
  const child = spawn(process.execPath, [BIN, 'serve', log, ...more], { ...scratch.spawnOptions(), stdio: ['ignore', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()))
    child.once('close', () => reject(new Error(`serve ended: ${err}`)))
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
