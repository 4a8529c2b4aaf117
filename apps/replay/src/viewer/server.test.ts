import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SERVED_POLICY } from './page.ts'
import { serveLog } from './server.ts'

/** More than the buffers between two ends of a connection take. */
const LARGE_BYTES = 64 << 20

async function served() {
  const folder = mkdtempSync(join(tmpdir(), 'devtrail-server-'))
  mkdirSync(join(folder, 'segments'))
  writeFileSync(join(folder, 'log.json'), '{"id":"00"}')
  const segment = join(folder, 'segments', '00000001.seg')
  writeFileSync(segment, 'DEVTRAIL')
  truncateSync(segment, LARGE_BYTES)
  const server = await serveLog({ folder, name: 'x', id: '00', port: 0 })
  const ask = async (path: string, headers: { readonly [name: string]: string } = {}): Promise<IncomingMessage> => {
    const [response] = (await once(get(new URL(path, server.url), { headers }), 'response')) as [IncomingMessage]
    return response
  }
  return {
    segment,
    ask,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

test('a file that is cut while it is handed out ends the answer: nobody waits for the rest', async () => {
  await using server = await served()
  const response = await server.ask('/log/segments/00000001.seg')
  expect(response.headers['content-length']).toBe(String(LARGE_BYTES))
  await once(response, 'readable')
  truncateSync(server.segment, 0)
  response.resume()
  const [error] = (await once(response, 'error')) as [Error]
  expect(error.message).toBe('aborted')
  expect(response.complete).toBe(false)
})

test.each([
  ['bytes=0-7', 206, '8'],
  ['bytes=67108860-', 206, '4'],
  ['bytes=67108860-999999999999999', 206, '4'],
  ['bytes=67108864-', 416, undefined],
  ['bytes=9-3', 416, undefined],
  // What is not understood is no range at all.
  ['bytes=-5', 200, String(LARGE_BYTES)],
  ['bytes=0-1,4-5', 200, String(LARGE_BYTES)],
  ['bytes=0x0-0x7', 200, String(LARGE_BYTES)],
  ['bytes=99999999999999999999-', 200, String(LARGE_BYTES)],
  ['lines=0-7', 200, String(LARGE_BYTES)],
])('the range %s', async (range, status, bytes) => {
  await using server = await served()
  const response = await server.ask('/log/segments/00000001.seg', { range })
  response.destroy()
  expect(response.statusCode).toBe(status)
  expect(response.headers['content-length']).toBe(bytes)
})

test('the page may load nothing but its own parts, and run nothing that stands in it', () => {
  expect(SERVED_POLICY.split('; ').toSorted()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    'img-src data:',
    "script-src 'self'",
    "style-src 'self'",
    "worker-src 'self'",
  ])
})
