/** Real disks of one's own for a test, see scripts/on-disk.sh. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SCRIPT = join(import.meta.dirname, '../../../../scripts/on-disk.sh')

/** Kibibytes of a disk in memory; or a folder as it is, that nobody can write to. */
export type Disk = number | 'read-only'

/** Runs a command to which `folder` is such a disk. */
export function runOn(disk: Disk, folder: string, command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, String(disk), folder, ...command], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Why no disk can be mounted here; null where one can. */
export function whyNoDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'devtrail-disk-'))
  try {
    const { status, stderr } = runOn(64, folder, ['true'])
    return status === 0 ? null : `no disk can be mounted: ${stderr.trim()}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** In CI, as root, a disk must be there to test on; elsewhere tests without one are skipped. */
export const mustHaveDisk = process.env['CI'] === 'true' && process.getuid?.() === 0
