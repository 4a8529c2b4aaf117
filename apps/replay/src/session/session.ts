import { once } from 'node:events'
import { styleOf, type Style } from '../print/style.ts'
import { number } from '@devtrail/survey/units'
import { visible } from '../print/text.ts'
import { exit, type ExitCode } from './failure.ts'
import { withoutSecrets } from './secrets.ts'
import type { Interrupt } from './interrupt.ts'

/** What says who asks a NATS server, as the `nats` command has it. */
export interface ServerOptions {
  readonly context?: string
  readonly creds?: string
  readonly nkey?: string
  readonly tlscert?: string
  readonly tlskey?: string
  readonly tlsca?: string
  readonly jsDomain?: string
  readonly jsApiPrefix?: string
}

/** The options every command takes. */
export interface GlobalOptions extends ServerOptions {
  readonly json?: boolean
  readonly ns?: boolean
  readonly color?: boolean
}

/** Text is handed to the stream in pieces of about this many characters. */
const BUFFER_CHARS = 64 * 1024
/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 100

/** One run of the command: where data goes, where words go, and how both look. */
export class Session {
  readonly json: boolean
  /** Digits of a second: 9 under `--ns`. */
  readonly digits: 6 | 9
  readonly style: Style
  readonly noteStyle: Style
  readonly interrupt: Interrupt
  /** To be told the exit code as soon as it is known: whoever then stops reading gets it all the same. */
  readonly answer: (code: ExitCode) => void
  /** Who asks servers. */
  readonly server: ServerOptions
  readonly #open: AsyncDisposable[] = []
  /** Rejects when what goes on beside the command failed. */
  readonly failed: Promise<never>
  /** Ends the command with an error of what goes on beside it. */
  readonly fail: (error: unknown) => void
  #buffer = ''
  #progress: { at: number; shown: boolean } = { at: 0, shown: false }

  constructor(options: GlobalOptions, interrupt: Interrupt, answer: (code: ExitCode) => void = () => {}) {
    this.json = options.json === true
    this.digits = options.ns === true ? 9 : 6
    this.style = styleOf(process.stdout, process.env, options.color !== false && !this.json)
    this.noteStyle = styleOf(process.stderr, process.env, options.color !== false)
    this.interrupt = interrupt
    this.answer = answer
    this.server = options
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    this.failed = promise
    this.fail = reject
  }

  /** Hands over what is to be closed when the command is done. */
  owns(resource: AsyncDisposable): void {
    this.#open.push(resource)
  }

  async close(): Promise<void> {
    this.clearProgress()
    for (const resource of this.#open.splice(0).toReversed()) await resource[Symbol.asyncDispose]()
  }

  /** Data, to stdout; waits while the reader is slow. */
  async print(text: string): Promise<void> {
    this.#buffer += text
    if (this.#buffer.length >= BUFFER_CHARS) await this.flush()
  }

  /** One JSON document. */
  async printJson(value: unknown): Promise<void> {
    await this.print(`${JSON.stringify(value, null, 2)}\n`)
  }

  async flush(): Promise<void> {
    const text = this.#buffer
    this.#buffer = ''
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
  }

  /** Words for a person, to stderr. */
  note(text: string): void {
    this.clearProgress()
    process.stderr.write(`${this.noteStyle.dim('note:')} ${withoutSecrets(text).split('\n').map(visible).join('\n      ')}\n`)
  }

  /** How far reading has come; only on a terminal. */
  progress(n: number, what = 'entries read'): void {
    if (!process.stderr.isTTY) return
    const now = performance.now()
    if (now - this.#progress.at < PROGRESS_MS) return
    this.#progress = { at: now, shown: true }
    process.stderr.write(`\r\u001b[2K${number(n)} ${what}`)
  }

  clearProgress(): void {
    if (!this.#progress.shown) return
    this.#progress = { at: 0, shown: false }
    process.stderr.write('\r\u001b[2K')
  }
}

/**
 * A closed pipe is a quiet exit: whoever read has seen enough. The exit code is that of the answer as far as it is known, as if all had
 * been read. What cannot be written otherwise (a full disk) is said.
 */
export function quietOnClosedPipe(code: () => number): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(code())
    process.stderr.write(`devtrail: cannot write to stdout: ${error.message}\n`)
    process.exit(exit.damaged)
  })
  process.stderr.on('error', () => {})
}
