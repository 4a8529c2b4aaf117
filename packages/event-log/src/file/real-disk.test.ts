import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

/** How to run a shell that may mount what nobody else sees; null where the system forbids it. */
const unshare = [['--mount'], ['--user', '--map-root-user', '--mount']].find(
  (flags) => spawnSync('unshare', [...flags, 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0,
)
/** CI can mount disks, as root or in a user namespace; elsewhere a test may have to be skipped. */
function needsMount(skip: (condition: boolean, note: string) => void): void {
  const cannot = 'no disk can be mounted here, neither by root nor in a user namespace'
  if (unshare === undefined && process.env['CI'] !== undefined) throw new Error(cannot)
  skip(unshare === undefined, cannot)
}

const CHILD = join(import.meta.dirname, 'real-disk.child.ts')

/** Runs shell commands where `$1` is an empty folder and `$2 WHAT` the child in it; returns what it printed. */
async function onSmallDisk(commands: string): Promise<unknown> {
  const disk = await mkdtemp(join(tmpdir(), 'devtrail-disk-'))
  onTestFinished(() => rm(disk, { recursive: true }))
  const child = `'${process.execPath}' --conditions=@devtrail/source '${CHILD}'`
  const script = `set -e; run() { ${child} "$1" '${disk}'; }; cd /; mount -t tmpfs -o size=2m tmpfs '${disk}'; ${commands.replaceAll('DISK', `'${disk}'`)}`
  const { status, stdout, stderr } = spawnSync('unshare', [...unshare!, 'sh', '-c', script], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

test('a full disk ends the writer with an error that says where; nothing that was durable is lost, and there the log goes on', async ({
  skip,
}) => {
  needsMount(skip)
  expect(await onSmallDisk('run fill')).toEqual({
    appending: expect.stringMatching(
      /^ENOSPC: no space left on device, write 'DISK\/log\/segments\/00000001\.seg'; make room there and open the log again; what was acknowledged is safe$/,
    ) as unknown,
    later: [expect.stringContaining('ENOSPC'), expect.stringContaining('ENOSPC')],
    second: expect.stringMatching(/^ENOSPC: no space left on device, \w+ 'DISK\/other.*'; make room there/) as unknown,
    intact: true,
    tellsTail: true,
    damages: 0,
    wentOn: true,
    attached: true,
  })
})

test('a read-only folder is read and verified, and refuses to be written with nothing changed', async ({ skip }) => {
  needsMount(skip)
  expect(await onSmallDisk('run prepare; mount -o remount,ro DISK; run read-only')).toEqual({
    create: expect.stringMatching(/^EROFS: read-only file system, mkdir 'DISK\/other'; name a folder that can be written$/) as unknown,
    append: expect.stringMatching(/^EROFS: read-only file system, \w+ 'DISK\/log\/lock.*'; name a folder that can be written$/) as unknown,
    read: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    isWhole: true,
    isUnchanged: true,
  })
})
