/**
 * Hands out the viewer and the files of one log, to this machine alone. A page from elsewhere can make a browser send requests
 * here, by a name that leads to the loopback address too: so whoever does not ask for this very host is refused, and so is
 * whoever says that he comes from another origin.
 */
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Followers, type Change } from './followers.ts'
import { namesIn, packedFiles, sizeOf } from './log-folder.ts'
import { handed, packedPage, partOf, SERVED_POLICY, servedPage, type PagePart } from './page.ts'

const TYPES: { readonly [name: string]: string } = {
  'viewer.js': 'text/javascript; charset=utf-8',
  'worker.js': 'text/javascript; charset=utf-8',
  'viewer.css': 'text/css; charset=utf-8',
}

export interface Served {
  readonly folder: string
  readonly name: string
  /** The log's identity, in hex. */
  readonly id: string
  readonly port: number
}

const HEADERS = {
  'content-security-policy': SERVED_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** The names under which this machine reaches itself. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'] as const

/** Why a request is refused; null: it is not. */
export function refusal({ headers, method }: Pick<IncomingMessage, 'headers' | 'method'>, port: number): string | null {
  const hosts = LOOPBACK.map((name) => `${name}:${port}`)
  if (port === 80) hosts.push(...LOOPBACK)
  if (!hosts.includes((headers.host ?? '').toLowerCase())) return 'this server answers only as 127.0.0.1 or localhost'
  if (headers.origin !== undefined && !hosts.some((host) => headers.origin === `http://${host}`))
    return 'this server answers no other origin'
  const site = headers['sec-fetch-site']
  // A link that a person follows is fine; what another site loads is not.
  if (site === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate') return 'this server answers no other site'
  return method === 'GET' || method === 'HEAD' ? null : 'this server can only be read'
}

/** First and last byte asked for; null: all. */
function rangeOf(header: string | undefined, size: number): { readonly from: number; readonly to: number } | null | 'unsatisfiable' {
  const m = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '')
  if (m === null) return null
  const from = Number(m[1])
  const to = m[2] === '' ? size - 1 : Math.min(size - 1, Number(m[2]))
  return from <= to ? { from, to } : 'unsatisfiable'
}

class Answering {
  readonly #served: Served
  readonly #followers: Followers

  constructor(served: Served, followers: Followers) {
    this.#served = served
    this.#followers = followers
  }

  async answer(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
    const refused = refusal(request, port)
    if (refused !== null) return send(response, 403, refused)
    // Not decoded: no path of a log needs it.
    const path = (request.url ?? '/').split('?', 1)[0]!
    if (path === '/') return send(response, 200, servedPage(this.#handed()), 'text/html; charset=utf-8')
    const part = path.slice(1)
    if (Object.hasOwn(TYPES, part)) return send(response, 200, await partOf(part as PagePart), TYPES[part])
    if (path === '/packed.html') return this.#pack(response)
    if (path === '/follow') return this.#follow(request, response)
    if (path.startsWith('/log/')) return this.#file(request, response, path.slice('/log/'.length))
    return send(response, 404, 'there is nothing here')
  }

  #handed(): ReturnType<typeof handed> {
    return handed('served', this.#served.name, this.#served.id)
  }

  async #pack(response: ServerResponse): Promise<void> {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' })
    const of = handed('packed', this.#served.name, this.#served.id)
    await pipeline(packedPage(of, packedFiles(this.#served.folder, of.fold)), response)
  }

  #follow({ method }: IncomingMessage, response: ServerResponse): void {
    if (method === 'HEAD') return send(response, 200, '', 'text/event-stream')
    if (!this.#followers.add(response)) return send(response, 503, 'too many pages follow this log; close some')
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    response.write('retry: 2000\n\n')
  }

  async #file(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { folder } = this.#served
    if (path.endsWith('/')) {
      const names = await namesIn(folder, path.slice(0, -1))
      return names === null ? send(response, 404, 'no such folder') : send(response, 200, JSON.stringify(names), 'application/json')
    }
    const size = await sizeOf(folder, path)
    if (size === null) return send(response, 404, 'no such file of the log')
    const range = rangeOf(request.headers.range, size)
    if (range === 'unsatisfiable') return send(response, 416, 'no such bytes')
    const { from, to } = range ?? { from: 0, to: size - 1 }
    response.writeHead(range === null ? 200 : 206, {
      ...HEADERS,
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      'content-length': String(to - from + 1),
      ...(range === null ? {} : { 'content-range': `bytes ${from}-${to}/${size}` }),
    })
    if (request.method === 'HEAD' || size === 0) response.end()
    else await pipeline(createReadStream(join(folder, path), { start: from, end: to }), exactly(to - from + 1), response)
  }
}

/** Hands on so many bytes. A file that is cut meanwhile ends the answer: nobody waits for bytes that never come. */
function exactly(bytes: number): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* (source) {
    let left = bytes
    for await (const piece of source) {
      left -= piece.length
      yield piece
    }
    if (left > 0) throw new Error(`the file ended ${left} bytes early`)
  }
}

function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type })
  response.end(text)
}

/** A log that is handed out until it is closed. */
export interface LogServer extends AsyncDisposable {
  readonly url: string
  /** Tells every page that something happened to the log. */
  tell(change: Change): void
}

/** @throws the system's error when the port is taken. */
export async function serveLog(served: Served): Promise<LogServer> {
  const followers = new Followers()
  const answering = new Answering(served, followers)
  const server: Server = createServer((request, response) => {
    answering.answer(request, response, (server.address() as AddressInfo).port).catch((error: NodeJS.ErrnoException) => {
      // Who went away needs no answer.
      if (!response.headersSent) send(response, 500, `the log could not be read: ${error.message}`)
      else response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port: served.port }, resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    tell: (change) => followers.tell(change),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
