/** A log that was redacted answers as the log itself, in other names. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventFromJson } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import { bytesOf, foundIn, Secrets } from '../src/redact/secrets.test-support.ts'
import { secretIn, standingIn, staysIn, writeSecretiveRecording } from '../src/redact/secretive-recording.test-support.ts'
import { recording, Scratch } from './devtrail.ts'
import { unpackPage } from './packed-page.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const crash = recording('fsdax-pinned-unbind')
const hang = recording('fsdax-truncate-hang')

async function linesOf(log: string, ...args: string[]): Promise<string[]> {
  const { out, code } = await scratch.run(['export', log, '--format', 'ndjson', ...args])
  expect(code).toBe(0)
  return out.split('\n').filter(Boolean)
}

const eventsIn = (lines: readonly string[]): object[] => lines.map((line) => JSON.parse(line) as object).filter((line) => 'type' in line)

async function secretsOf(before: string, after: string): Promise<Secrets> {
  const secrets = new Secrets()
  const [old, now] = [eventsIn(await linesOf(before)), eventsIn(await linesOf(after))]
  expect(now.length).toBe(old.length)
  for (const [i, event] of old.entries()) secrets.see(eventFromJson(vocabulary, event), eventFromJson(vocabulary, now[i]))
  return secrets
}

const ANSWERS = [['check'], ['refs'], ['stuck'], ['devices', '--all'], ['diff', '--from', '37', '--to', '224'], ['state', '--at', '224']]

describe.each([
  { name: 'crash', given: crash, answers: ANSWERS },
  { name: 'hang', given: hang, answers: [['check'], ['stuck']] },
])('$name', ({ name, given, answers }) => {
  const shared = scratch.path(`${name}.log`)
  let secrets: Secrets

  beforeAll(async () => {
    await scratch.run(['export', given, '--redact', '-o', shared])
    secrets = await secretsOf(given, shared)
  })

  test.each(answers)('%s', async (command, ...args) => {
    const [before, after] = await Promise.all([given, shared].map((log) => scratch.run([command!, log, ...args, '--json'])))
    expect(after!.code).toBe(before!.code)
    expect(JSON.parse(after!.out)).toEqual(secrets.translated(JSON.parse(before!.out)))
  })

  test('verify finds it whole', async () => {
    expect((await scratch.run(['verify', shared])).code).toBe(0)
  })
})

test('as lines: the same events, and none of the raw ones', async () => {
  const lines = await linesOf(crash, '--redact')
  expect(eventsIn(lines)).toEqual(eventsIn(await linesOf(scratch.path('crash.log'))))
  expect(lines.length).toBe(eventsIn(lines).length + 1)
  expect(JSON.parse(lines[0]!)).toMatchObject({ source: { kind: 'recording', name: 'redacted', redacted: true } })
  const text = lines.join('\n')
  for (const word of ['"pin"', '"sh"', '"ndctl"', 'ff3fdf91', 'fsdax-pinned-unbind', 'WARNING', '"pid":135,'])
    expect(text).not.toContain(word)
})

test.each(['chrome', 'perfetto', 'sqlite'])('%s: nothing of the machine is in its bytes', async (format) => {
  const [plain, shared] = ['plain', 'shared'].map((name) => scratch.path(`${name}.${format}`))
  await scratch.run(['export', crash, '--format', format, '-o', plain!])
  await scratch.run(['export', crash, '--format', format, '--redact', '-o', shared!])
  const words = ['ff3fdf91', 'fsdax-pinned-unbind', 'WARNING: CPU']
  const found = (file: string): string[] => words.filter((word) => readFileSync(file, 'latin1').includes(word))
  expect(found(plain!)).toEqual(expect.arrayContaining(['ff3fdf91']))
  expect(found(shared!)).toEqual([])
})

describe('a page', () => {
  const secretive = scratch.path('acme-recording-secret')
  const words = [...Object.values(secretIn), 'acme-recording-secret']

  async function pageOf(given: string, ...options: string[]): Promise<Buffer[]> {
    const file = scratch.path(`${options.length}.html`)
    const { code, err } = await scratch.run(['export', given, '--format', 'html', ...options, '-o', file])
    expect([code, err]).toEqual([0, ''])
    const html = readFileSync(file)
    return [html, ...bytesOf(unpackPage(html.toString(), `${file}.log`))]
  }

  beforeAll(() => writeSecretiveRecording(secretive))

  test('has what the log has in it', async () => {
    const bytes = await pageOf(secretive)
    // Entries without effect are not in a page.
    expect(standingIn(bytes, [...words, staysIn.module])).toEqual([...words, staysIn.module])
  })

  test('of a redacted log has nothing of the machine in it, in any of the log’s files', async () => {
    const bytes = await pageOf(secretive, '--redact')
    expect(standingIn(bytes, words)).toEqual([])
    expect(standingIn(bytes, [staysIn.module])).toEqual([staysIn.module])
  })

  test('of a real recording neither', async () => {
    const { gone } = await secretsOf(crash, scratch.path('crash.log'))
    expect(gone.length).toBeGreaterThan(10)
    expect(foundIn((await pageOf(crash, '--redact')).slice(1), [...gone, 'fsdax-pinned-unbind'])).toEqual([])
  })
})

test('info says that it is redacted, and the kernel without the machine', async () => {
  const info = await scratch.json(['info', scratch.path('crash.log')])
  expect(info).toMatchObject({ name: 'redacted', source: { redacted: true }, entries: 278, complete: true })
  expect(info.kernel).toMatch(/^Linux redacted 6\.1\.0-56-amd64 /)
  expect(info.notes[0]).toMatch(/^redacted: /)
  expect((await scratch.run(['info', scratch.path('crash.log')])).out).toContain('left out of this log')
})

test('a folder is asked for, never stdout, and never one that is there', async () => {
  const nowhere = await scratch.run(['export', crash, '--redact'])
  expect([nowhere.code, nowhere.out]).toEqual([2, ''])
  expect(nowhere.err).toContain('name one with -o')
  const again = await scratch.run(['export', crash, '--redact', '-o', scratch.path('crash.log')])
  expect([again.code, again.out]).toEqual([2, ''])
  expect(readdirSync(scratch.folder).filter((file) => file.includes('unfinished'))).toEqual([])
})

test('--format log without --redact is the same log, with its own names', async () => {
  const copy = scratch.path('copy.log')
  expect((await scratch.run(['export', crash, '--format', 'log', '-o', copy])).code).toBe(0)
  expect(existsSync(copy)).toBe(true)
  expect((await scratch.run(['events', copy, '--json'])).out).toBe((await scratch.run(['events', crash, '--json'])).out)
})
