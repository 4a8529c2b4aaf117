import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, ROOT, Scratch, recording, type Run } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

/** Runs something to which a folder is a disk of so many kibibytes, or read-only, and then lists what is in it. */
function onDisk(disk: number | 'read-only', folder: string, command: readonly string[]): Run & { readonly names: readonly string[] } {
  const listing = '"$@"; code=$?; ls -A . >&3; exit $code'
  const args = [join(ROOT, 'scripts/on-disk.sh'), String(disk), folder, 'sh', '-c', `cd '${folder}' && ${listing}`, 'sh', ...command]
  const { status, output } = spawnSync('sh', args, {
    ...scratch.spawnOptions(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [, out = '', err = '', names = ''] = output
  return { code: status, out: out ?? '', err: err ?? '', names: (names ?? '').split('\n').filter((name) => name !== '') }
}

const devtrail = (...args: readonly string[]): readonly string[] => [process.execPath, BIN, ...args]

mkdirSync(scratch.path('disk'))
const probe = onDisk(64, scratch.path('disk'), ['true'])
const reason = probe.code === 0 ? null : `no disk can be mounted: ${probe.err.trim()}`
/** In CI, as root, a disk must be there to test on; elsewhere tests without one are skipped. */
const mustHaveDisk = process.env['CI'] === 'true' && process.getuid?.() === 0

describe.skipIf(reason !== null && !mustHaveDisk)(`on real disks${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  const log = join(scratch.path('disk'), 'log')
  const stress = recording('fsdax-gup-stress')

  test('a full disk ends an import with exit 3, which says where, and leaves nothing behind', () => {
    const { code, out, err, names } = onDisk(1024, scratch.path('disk'), devtrail('import', stress, '-o', log))
    expect([code, out, names]).toEqual([3, '', []])
    expect(err).toMatch(
      /^devtrail: cannot write a log at .*\/disk\/log \(ENOSPC: no space left on device, \w+ '.*\/disk\/\.log\.unfinished-.*'.*\); name another folder with -o\n$/,
    )
  })

  test('so does a read-only one', () => {
    const { code, out, err, names } = onDisk('read-only', scratch.path('disk'), devtrail('import', stress, '-o', log))
    expect([code, out, names]).toEqual([3, '', []])
    expect(err).toMatch(
      /^devtrail: cannot write a log at .*\/disk\/log \(EROFS: read-only file system, .*\/disk\/\.log\.unfinished-.*'.*\); name another folder with -o\n$/,
    )
  })

  test('a log on a read-only disk answers as it does elsewhere', async () => {
    expect((await scratch.run(['import', recording('fsdax-splice'), '-o', log])).code).toBe(0)
    for (const command of [['check'], ['info'], ['events', '--json'], ['state', '--at', 'end']]) {
      const elsewhere = await scratch.run([...command, log])
      const { code, out, err } = onDisk('read-only', scratch.path('disk'), devtrail(...command, log))
      expect([command, code, out, err]).toEqual([command, elsewhere.code, elsewhere.out, elsewhere.err])
    }
    expect(readdirSync(scratch.path('disk'))).toEqual(['log'])
  })
})
