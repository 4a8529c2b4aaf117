/** A network that can be cut: a TCP proxy in front of a port. */
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Proxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** @param to the port behind it. */
  static async before(to: number): Promise<Proxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const proxy = new Proxy(server, (server.address() as { port: number }).port)
    server.on('connection', (socket) => proxy.#connected(socket, to))
    return proxy
  }

  #connected(near: Socket, to: number): void {
    if (this.#isCut) {
      this.#hold(near)
      return
    }
    const far = connect(to, '127.0.0.1')
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#hold(from)
      from.on('data', (bytes) => {
        if (this.#isCut) return
        if (!into.write(bytes)) from.pause()
      })
      into.on('drain', () => from.resume())
      from.on('close', () => into.destroy())
    }
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }

  /** From now on nothing comes through, in both directions, and nobody is told: as a cable that was pulled. */
  cut(): void {
    this.#isCut = true
  }

  /** The cable is in again: what was connected finds out that it is not any more. */
  mend(): void {
    if (!this.#isCut) return
    this.#isCut = false
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
