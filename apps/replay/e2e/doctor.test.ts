/** The doctor tells what the commands will meet, and a command that cannot keep its files says which variable names the folder. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { BIN, recording, Scratch, type Run } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

interface Report {
  readonly works: boolean
  readonly findings: readonly { readonly name: string; readonly verdict: string; readonly todo: string | null }[]
}

const brokenIn = ({ out }: Run): string[] =>
  (JSON.parse(out) as Report).findings.flatMap((it) => (it.verdict === 'broken' ? [it.name] : []))

const NOWHERE = { TMPDIR: '/nonexistent' }
const crash = recording('fsdax-pinned-unbind')
const trace = readFileSync(`${crash}/trace.txt`)

/** Runs the command where no file may be larger than 32 KiB: a disk that is full looks the same to a program. */
function runWithoutRoom(
  args: readonly string[],
  options: { stdin?: Uint8Array; env?: Readonly<Record<string, string>> } = {},
): Promise<Run> {
  return new Promise((resolve) => {
    const command = ['-c', 'ulimit -f 32; exec "$@"', 'bash', process.execPath, BIN, ...args]
    const child = spawn('bash', command, { ...scratch.spawnOptions(options.env === undefined ? {} : { env: options.env }), stdio: 'pipe' })
    let [out, err] = ['', '']
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin!.on('error', () => {})
    child.stdin!.end(options.stdin ?? '')
  })
}

test('where devtrail works it exits 0, as text and as JSON, and leaves nothing behind', async () => {
  const [text, json] = [await scratch.run(['doctor']), await scratch.run(['doctor', '--json'])]
  expect([text.code, json.code]).toEqual([0, 0])
  expect(text.out).toMatch(/^devtrail +ok/m)
  expect((JSON.parse(json.out) as Report).works).toBe(true)
  expect(readdirSync(scratch.folder)).toEqual([])
})

test.each([
  ['TMPDIR names nothing', NOWHERE, ['temporary files']],
  ['the cache cannot be', { XDG_CACHE_HOME: '/dev/null' }, ['cache']],
])('where %s it exits 1 and names what is broken, and the variable', async (_, env, names) => {
  const [text, json] = [await scratch.run(['doctor'], { env }), await scratch.run(['doctor', '--json'], { env })]
  expect([text.code, json.code, (JSON.parse(json.out) as Report).works]).toEqual([1, 1, false])
  expect(brokenIn(json)).toEqual(names)
  expect(text.out).toContain(Object.keys(env)[0])
})

test('where there is no room it says so, for what it writes is written', async () => {
  const report = await runWithoutRoom(['doctor', '--json'])
  expect([report.code, brokenIn(report)]).toEqual([1, ['cache', 'temporary files']])
})

test.each([
  ['import - -o', ['import', '-', '-o', 'from-pipe.log'], trace],
  ['import of a packed trace.dat', ['import', join(recording('fsdax-splice'), 'trace.v6.dat.gz'), '-o', 'packed.log'], ''],
  ['export --redact --format html', ['export', crash, '--redact', '--format', 'html', '-o', 'shared.html'], ''],
  ['export --format sqlite', ['export', crash, '--format', 'sqlite', '-o', 'log.sqlite'], ''],
  ['pmem create -', ['pmem', 'create', '-', '--size', '32M'], ''],
  ['pmem info of a packed image', ['pmem', 'info', '-'], gzipSync(Buffer.alloc(1 << 20))],
])('%s says where it cannot keep its files, and that TMPDIR names the place', async (_, args, stdin) => {
  const { code, out, err } = await scratch.run(args, { env: NOWHERE, stdin })
  expect([code, out]).toEqual([3, ''])
  expect(err).toMatch(/^devtrail: .*cannot .*\/nonexistent.*ENOENT.*name a.* folder .*TMPDIR/)
})

test.each([
  ['import - -o', ['import', '-', '-o', 'no-room.log'], Buffer.concat(Array.from({ length: 4 }, () => trace))],
  ['export --format sqlite', ['export', crash, '--format', 'sqlite', '-o', 'no-room.sqlite'], ''],
])('%s says the same where there is no room', async (_, args, stdin) => {
  const { code, err } = await runWithoutRoom(args, { stdin: Buffer.from(stdin) })
  expect(code).toBe(3)
  expect(err).toMatch(/^devtrail: cannot write .*name a.* folder .*TMPDIR/)
})
