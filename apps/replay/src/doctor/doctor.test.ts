import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { cacheFinding, temporaryFinding } from './folders.ts'
import { nodeFinding, zstdFinding } from './node.ts'
import { kernelFinding, recordingFindings, thisHost, type Host } from './recording-here.ts'

const temp = mkdtempSync(join(tmpdir(), 'devtrail-doctor-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

describe('node', () => {
  it('is judged by what the package asks for', () => {
    expect(nodeFinding('24.21.0', '>=24').verdict).toBe('ok')
    expect(nodeFinding('26.1.0', '>=24').verdict).toBe('ok')
    const old = nodeFinding('20.20.2', '>=24')
    expect([old.verdict, old.todo]).toEqual(['broken', 'install Node.js 24 or newer'])
  })

  it('has zstd', () => {
    expect(zstdFinding()).toMatchObject({ verdict: 'ok', todo: null })
  })
})

describe('the cache', () => {
  it('may not be there yet, and is not made', async () => {
    const folder = join(temp, 'none')
    expect(await cacheFinding({ XDG_CACHE_HOME: folder })).toMatchObject({ verdict: 'ok', says: expect.stringContaining('0 logs, 0 B') })
    expect(readdirSync(temp)).not.toContain('none')
  })

  it('tells how many logs it holds, and how large they are; what is no log is not counted', async () => {
    const folder = join(temp, 'some/devtrail')
    mkdirSync(join(folder, 'a'.repeat(32)), { recursive: true })
    mkdirSync(join(folder, '.unfinished'))
    writeFileSync(join(folder, 'a'.repeat(32), 'log.json'), 'x'.repeat(2048))
    const { says } = await cacheFinding({ XDG_CACHE_HOME: join(temp, 'some') })
    expect(says).toBe(`${folder}: 1 log, 2 KiB of 4 GiB at most`)
  })

  it('is broken where a file stands in its way, and says what to do', async () => {
    const file = join(temp, 'file')
    writeFileSync(file, '')
    expect(await cacheFinding({ XDG_CACHE_HOME: file })).toMatchObject({
      verdict: 'broken',
      todo: expect.stringContaining('XDG_CACHE_HOME'),
    })
  })

  it.skipIf(process.platform !== 'linux')('is broken where permissions promise what the file system refuses', async () => {
    expect(await cacheFinding({ XDG_CACHE_HOME: '/proc/devtrail' })).toMatchObject({ verdict: 'broken' })
  })
})

describe('the folder for temporary files', () => {
  it('is fine where a file can be kept, and nothing stays there', async () => {
    const folder = join(temp, 'tmp')
    mkdirSync(folder)
    expect(await temporaryFinding(folder)).toEqual({ name: 'temporary files', verdict: 'ok', says: folder, todo: null })
    expect(readdirSync(folder)).toEqual([])
  })

  it('is broken where it is not there: nobody makes it', async () => {
    const found = await temporaryFinding(join(temp, 'nowhere'))
    expect([found.verdict, found.says, found.todo]).toEqual([
      'broken',
      expect.stringContaining('ENOENT'),
      expect.stringContaining('TMPDIR'),
    ])
  })

  it.skipIf(process.getuid?.() === 0)('is broken where nothing can be written', async () => {
    const folder = join(temp, 'read-only')
    mkdirSync(folder)
    chmodSync(folder, 0o500)
    expect((await temporaryFinding(folder)).verdict).toBe('broken')
  })
})

const saysOf = (isVerified: boolean, like: string | null): string => kernelFinding({ isVerified, like }, '6.1.0', '/btf').says

const verdicts = async (of: Host): Promise<object> =>
  Object.fromEntries((await recordingFindings(of)).map(({ name, verdict }) => [name, verdict]))

describe('recording here', () => {
  const sys = join(temp, 'sys')
  const host: Host = { platform: 'linux', arch: 'x64', release: '6.1.0', isRoot: true, sys }

  it('needs Linux', async () => {
    expect(await verdicts({ ...host, platform: 'darwin' })).toEqual({ 'recording here': 'limited' })
  })

  it('needs tracefs and BTF, and says what is missing and what to do', async () => {
    expect(await verdicts(host)).toEqual({ 'recording here': 'limited', root: 'ok', tracefs: 'limited', BTF: 'limited' })
    const [whole, , tracefs] = await recordingFindings(host)
    expect(whole!.says).toContain('tracefs, BTF')
    expect(tracefs!.todo).toContain('mount -t tracefs')
  })

  it('cannot see tracefs as anybody, and says so instead of that there is none', async () => {
    const [, root, tracefs] = await recordingFindings({ ...host, isRoot: false })
    expect([root!.verdict, tracefs!.todo]).toEqual(['limited', 'ask again as root'])
  })

  it('takes bytes that are no BTF for none', async () => {
    mkdirSync(join(sys, 'kernel/tracing'), { recursive: true })
    mkdirSync(join(sys, 'kernel/btf'), { recursive: true })
    writeFileSync(join(sys, 'kernel/tracing/kprobe_events'), '')
    writeFileSync(join(sys, 'kernel/btf/vmlinux'), 'nonsense')
    expect(await verdicts(host)).toEqual({ 'recording here': 'limited', root: 'ok', tracefs: 'ok', BTF: 'limited' })
  })

  it('says of a kernel whether it was checked, whether one like it was, or that a script is made for it', () => {
    expect(saysOf(true, '6.1.0')).toBe('Linux 6.1.0, a build that was recorded and checked')
    expect(saysOf(false, '6.1.0-56-amd64')).toBe('Linux 6.1.0, whose structures lie as in 6.1.0-56-amd64, which was checked')
    expect(saysOf(false, null)).toBe('Linux 6.1.0, which was not checked; a script is made for it: devtrail record --print --btf /btf')
  })

  it('looks at this machine without a fault', async () => {
    expect((await recordingFindings(thisHost()))[0]!.name).toBe('recording here')
  })
})
