/** Runs the command as users get it: the built bin in a process of its own, with a cache of its own. */
import { spawn, type SpawnOptions } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../../..')
export const BIN = join(ROOT, 'apps/replay/dist/main.js')
export const recording = (name: string): string => join(ROOT, 'recordings/linux-6.1', name)

/** The only segment of a log as short as these. */
export const segmentOf = (log: string): string => join(log, 'segments', '00000001.seg')

export interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Options {
  readonly stdin?: string | Uint8Array
  readonly env?: { readonly [name: string]: string }
  readonly cwd?: string
}

/** A scratch folder with a home and a cache, removed at the end of `using`. */
export class Scratch implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'devtrail-e2e-'))

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Writes a file; returns its path. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  spawnOptions(options: Options = {}): SpawnOptions {
    const env = { PATH: process.env['PATH'], HOME: this.folder, XDG_CACHE_HOME: this.path('cache'), TERM: 'xterm', ...options.env }
    return { env, cwd: options.cwd ?? this.folder }
  }

  /** Runs the command to its end. */
  run(args: readonly string[], options: Options = {}): Promise<Run> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [BIN, ...args], { ...this.spawnOptions(options), stdio: ['pipe', 'pipe', 'pipe'] })
      let out = ''
      let err = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, out, err }))
      child.stdin.on('error', () => {})
      child.stdin.end(options.stdin ?? '')
    })
  }

  /** Runs it and reads what it prints as one JSON document. */
  async json<T = any>(args: readonly string[], options: Options = {}): Promise<T> {
    const { out, err, code } = await this.run([...args, '--json'], options)
    if (out === '') throw new Error(`devtrail ${args.join(' ')} printed nothing (exit ${code}): ${err}`)
    return JSON.parse(out) as T
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
