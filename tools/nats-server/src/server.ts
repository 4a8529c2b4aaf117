import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One server: it can be killed and started again over what it kept. */
export class NatsServer {
  readonly url: string
  readonly port: number
  readonly #config: string
  #child: ChildProcess | null = null

  constructor(folder: string, port: number, more: string, domain: string | undefined) {
    this.url = `nats://127.0.0.1:${port}`
    this.port = port
    this.#config = join(folder, 'server.conf')
    writeFileSync(
      this.#config,
      `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: "${join(folder, 'store')}"${domain === undefined ? '' : `, domain: ${domain}`} }\n${more}`,
    )
  }

  start(): void {
    this.#child = spawn('nats-server', ['-c', this.#config], { stdio: 'ignore' })
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async #signal(name: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const over = new Promise((resolve) => child.once('exit', resolve))
    child.kill(name)
    await over
  }

  kill(): Promise<void> {
    return this.#signal('SIGKILL')
  }

  /** Stops it where it stands, as a network that is cut does to those who talk to it; `resume` ends that. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }
}
