import { get, request, type IncomingMessage } from 'node:http'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'
import { serve } from './serving.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Asks as written: no path is tidied up before it is sent. */
function ask(url: string, path: string, headers: { readonly [name: string]: string } = {}, method = 'GET'): Promise<Answer> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = ''
      response.setEncoding('latin1').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    asking.on('error', reject)
    asking.end()
  })
}

async function importedIn(scratch: Scratch): Promise<string> {
  const log = scratch.path('crash.log')
  expect((await scratch.run(['import', recording('fsdax-pinned-unbind'), '-o', log])).code).toBe(0)
  return log
}

describe('devtrail serve', () => {
  test('hands out the page and the files of the log, whole and in part', async () => {
    using scratch = new Scratch()
    const log = await importedIn(scratch)
    await using server = await serve(scratch, log)
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    const page = await ask(server.url, '/')
    expect(page.status).toBe(200)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.body).toContain('fsdax-pinned-unbind')
    const head = await ask(server.url, '/log/log.json')
    expect(JSON.parse(head.body)).toMatchObject({ schemaVersion: 2 })
    const part = await ask(server.url, '/log/segments/00000001.seg', { range: 'bytes=0-7' })
    expect(part).toMatchObject({ status: 206, body: 'DEVTRAIL' })
    expect(JSON.parse((await ask(server.url, '/log/segments/')).body)).toEqual(['00000001.seg'])
    expect((await ask(server.url, '/log/segments/00000001.seg', { range: 'bytes=99999999-' })).status).toBe(416)
  })

  test('is at the same address for the same log, where that is free: bookmarks are kept for an address', async () => {
    using scratch = new Scratch()
    const log = await importedIn(scratch)
    let address = ''
    {
      await using server = await serve(scratch, log)
      address = server.url
      await using another = await serve(scratch, log)
      expect(another.url).not.toBe(address)
    }
    await using again = await serve(scratch, log)
    expect(again.url).toBe(address)
  })

  test('answers under no name but its own, and no other origin', async () => {
    using scratch = new Scratch()
    await using server = await serve(scratch, await importedIn(scratch))
    const { port } = new URL(server.url)
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1:1', `127.0.0.1.evil.example:${port}`]) {
      expect(await ask(server.url, '/log/log.json', { host })).toMatchObject({ status: 403 })
    }
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${port}`, 'http://127.0.0.1:1']) {
      expect(await ask(server.url, '/', { origin })).toMatchObject({ status: 403 })
    }
    expect((await ask(server.url, '/viewer.js', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(403)
    expect((await ask(server.url, '/', {}, 'POST')).status).toBe(403)
    for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
      expect(await ask(server.url, '/', { host })).toMatchObject({ status: 200 })
    expect((await ask(server.url, '/', { origin: `http://localhost:${port}` })).status).toBe(200)
  })

  test('hands out nothing but the log', async () => {
    using scratch = new Scratch()
    const log = await importedIn(scratch)
    scratch.write('secret', 'secret')
    symlinkSync(scratch.path('secret'), join(log, 'segments', '00000099.seg'))
    mkdirSync(join(log, 'keyframes'), { recursive: true })
    symlinkSync(scratch.folder, join(log, 'keyframes', 'out'))
    await using server = await serve(scratch, log)
    for (const path of [
      '/log/../secret',
      '/log/%2e%2e/secret',
      '/log/segments/../../secret',
      '/log/segments/..%2f..%2fsecret',
      '/log//etc/passwd',
      '/log/lock/',
      '/log/',
      '/log/keyframes/../',
      '/log/segments/00000099.seg',
      '/log/keyframes/out/000000000001.kf',
      '/../package.json',
      '/page/viewer.js',
      '/constructor',
      '/log/segments/00000001.seg%00',
    ]) {
      const { status, body } = await ask(server.url, path)
      expect({ path, status }).toEqual({ path, status: 404 })
      expect(body).not.toContain('secret')
    }
  })

  test('is not to be reached from other machines', async () => {
    using scratch = new Scratch()
    await using server = await serve(scratch, await importedIn(scratch))
    const { port } = new URL(server.url)
    // Another loopback address stands for another interface: what is bound to all would answer there.
    await expect(new Promise((resolve, reject) => get({ host: '127.0.0.2', port }, resolve).on('error', reject))).rejects.toThrow(
      'ECONNREFUSED',
    )
  })

  test('a port that is taken is said, and what to do', async () => {
    using scratch = new Scratch()
    const log = await importedIn(scratch)
    await using server = await serve(scratch, log)
    const { code, err } = await scratch.run(['serve', log, '--port', new URL(server.url).port])
    expect(code).toBe(2)
    expect(err).toContain('name another one with --port')
  })
})
