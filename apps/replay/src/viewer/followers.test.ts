import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Followers, FOLLOWERS_MAX } from './followers.ts'

/** A server all of whose visitors follow, and what it answers them with. */
async function following(followers: Followers) {
  const responses: ServerResponse[] = []
  const taken: boolean[] = []
  const server = createServer((_, response) => {
    taken.push(followers.add(response))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    responses.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    responses,
    taken,
    async visit(): Promise<Socket> {
      const before = responses.length
      const socket = connect(port, '127.0.0.1')
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
      await expect.poll(() => responses.length).toBe(before + 1)
      return socket
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('who never reads costs nothing, and learns that there was something as soon as he does', async () => {
  const followers = new Followers()
  await using server = await following(followers)
  const socket = await server.visit()
  socket.pause()
  const [response] = server.responses
  // More than the system's buffers take.
  for (let i = 0; i < 400_000; i++) {
    followers.tell('grown')
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(response!.writableNeedDrain).toBe(true)
  expect(response!.writableLength).toBeLessThan(128 * 1024)
  followers.tell('changed')
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => (heard = (heard + text).slice(-1000)))
  socket.resume()
  await expect.poll(() => heard).toContain('event: changed')
})

test('there are only so many, and who leaves makes room', async () => {
  const followers = new Followers()
  await using server = await following(followers)
  const first = await server.visit()
  for (let i = 1; i < FOLLOWERS_MAX; i++) await server.visit()
  await server.visit()
  expect(server.taken.filter(Boolean)).toHaveLength(FOLLOWERS_MAX)
  expect(server.taken.at(-1)).toBe(false)
  first.destroy()
  await once(server.responses[0]!, 'close')
  await server.visit()
  expect(server.taken.at(-1)).toBe(true)
})
