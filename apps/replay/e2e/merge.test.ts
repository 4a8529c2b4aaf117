/** Two hosts on one time line, as the command puts them there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recording, ROOT, Scratch } from './devtrail.ts'

const RECORDED = join(ROOT, 'recordings/two-hosts')
const [web, db] = [join(RECORDED, 'web'), join(RECORDED, 'db')]
const scratch = new Scratch()
const both = scratch.path('both.log')
const merge = (...args: string[]) => scratch.run(['merge', ...args])

/** Without numbers of events, which are others in a merged log. */
const strip = (json: unknown): string => JSON.stringify(json).replaceAll(/"(addedAt|learntAt|seq)":\d+/g, '"$1":0')

beforeAll(async () => {
  const { code, err } = await merge(web, db, '-o', both)
  if (code !== 0) throw new Error(err)
})
afterAll(() => scratch[Symbol.dispose]())

describe('two machines that sent each other messages', () => {
  it('are placed where a third clock says that they stand', async () => {
    const { hosts } = await scratch.json(['info', both])
    const truth = JSON.parse(readFileSync(join(ROOT, 'recordings/expected/two-hosts/truth.json'), 'utf8')) as { low: number; high: number }
    const [{ name, basis, offset, uncertainty }] = hosts.slice(1)
    expect([name, basis]).toEqual(['db', 'pairs'])
    const [ns, most] = [Number(offset.first) * 1e9, Number(uncertainty.atMost) * 1e9]
    expect(Math.abs(ns - (truth.low + truth.high) / 2)).toBeLessThan(1e6)
    // What is claimed holds whatever the truth is within what is known of it.
    expect(ns - most).toBeLessThan(truth.low)
    expect(ns + most).toBeGreaterThan(truth.high)
    // Half of what the quickest message took there and back, and what the line below says.
    expect(most).toBeLessThan(7e6)
  })

  it('have every message leave before it comes, but where clocks do not tell', async () => {
    const { out } = await scratch.run(['events', both, '--type', 'kernel/marked', '--json'])
    const marks = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; data: { text: string }; unordered?: true })
    const left = new Map(marks.flatMap(({ seq, data }) => (data.text.endsWith(' out') ? [[data.text.slice(0, -4), seq] as const] : [])))
    const came = marks.filter(({ data }) => data.text.endsWith(' in'))
    expect(came).toHaveLength(48)
    for (const { seq, data, unordered } of came) expect(unordered === true || left.get(data.text.slice(0, -3))! < seq).toBe(true)
  })

  it('answer as each does alone', async () => {
    for (const [host, log] of [
      ['web', web],
      ['db', db],
    ] as const) {
      const alone = await scratch.json(['state', log, '--device', 'pmem0'])
      const merged = await scratch.json(['state', both, '--device', `${host}:pmem0`])
      expect(strip(Object.values(merged.devices))).toBe(strip(Object.values(alone.devices)))
      expect((await scratch.run(['iomem', both, '--host', host])).out).toBe((await scratch.run(['iomem', log])).out)
      expect((await scratch.run(['iomem', both, '--host', host])).out).toBe(
        readFileSync(join(ROOT, 'recordings/expected/two-hosts', host, 'iomem.after'), 'utf8'),
      )
    }
    expect((await scratch.run(['check', both])).code).toBe(0)
    expect(await scratch.run(['verify', both])).toMatchObject({ code: 0 })
  })

  it('do not agree with an offset that cannot be', async () => {
    const { code, err } = await merge(web, db, '-o', scratch.path('wrong'), '--offset', 'db=+1s±1ms')
    expect(code).toBe(3)
    expect(err).toMatch(/cannot all be true; it is 3\.5\d s apart:\n/)
    expect(err).toMatch(/^ {2}--offset db$/m)
    expect(err).toMatch(/^ {2}\S+ \(event \d+ of web, not after event \d+ of db\)$/m)
  })

  it('may be told by what they say at the same time', async () => {
    const out = scratch.path('same')
    // What is the same to half a second says no more than that.
    const { hosts } = await scratch.json(['merge', web, db, '-o', out, '--pair', 'type == "devres/probe-started" | driver ± 2s'])
    expect(hosts[1].boots[0].basis).toBe('pairs')
  })
})

describe('merging', () => {
  const crash = recording('fsdax-pinned-unbind')
  const splice = recording('fsdax-splice')

  it('refuses clocks of which nothing is known, and says what to do', async () => {
    const { code, err } = await merge(crash, splice, '-o', scratch.path('no'))
    expect(code).toBe(2)
    expect(err).toContain('how the clock of fsdax-splice stands to the reference is not known')
    expect(err).toContain('--offset fsdax-splice=+1.25s±2ms')
    expect(err).toContain('--offset fsdax-splice=unknown')
  })

  it('refuses one log, the same twice, and what is merged already', async () => {
    for (const [logs, says] of [
      [[crash], 'two hosts or more'],
      [[crash, crash], 'is given twice'],
      [[both, crash], 'is of several hosts already'],
    ] as const) {
      const { code, err } = await merge(...logs, '-o', scratch.path('bad'), '--name', `${crash}=x`, '--offset', `x=unknown`)
      expect([code, err]).toEqual([2, expect.stringContaining(says)])
    }
  })

  it('claims no order of a clock of which nothing is known, and keeps that of each host', async () => {
    const out = scratch.path('unknown')
    const { unordered, hosts } = await scratch.json(['merge', crash, splice, '-o', out, '--offset', 'fsdax-splice=unknown'])
    expect(hosts[1].boots[0]).toMatchObject({ basis: 'none', offset: null, uncertainty: null })
    expect(unordered).toBeGreaterThan(400)
    const { violations } = await scratch.json(['check', out])
    const alone = (await scratch.json(['check', crash])).violations
    expect(violations.map((v: any) => [v.rule, v.certainty, v.host])).toEqual(
      alone.map((v: any) => [v.rule, v.certainty, 'fsdax-pinned-unbind']),
    )
  })

  it('goes through lines and back, and names nobody when redacted', async () => {
    const { out } = await scratch.run(['export', both, '--format', 'ndjson'])
    const lines = scratch.write('both.ndjson', out)
    const again = await scratch.json(['info', lines])
    expect(again.hosts).toEqual((await scratch.json(['info', both])).hosts)
    const secret = scratch.path('secret.log')
    expect((await scratch.run(['export', both, '--redact', '--format', 'log', '-o', secret])).code).toBe(0)
    const told = (await scratch.run(['devices', secret])).out + (await scratch.run(['info', secret, '--json'])).out
    expect(told).toMatch(/identity-1:namespace0\.0/)
    expect(told).not.toMatch(/\b(web|db)\b/)
  })
})
