import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { mustHaveDisk, runOn, whyNoDisk, type Disk } from './mounted-disk.test-support.ts'

const reason = whyNoDisk()
const CHILD = join(import.meta.dirname, 'real-disk.child.ts')
/** Kibibytes: soon full. */
const SMALL = 2048

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'devtrail-disk-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** What the child says of a scenario on such a disk. */
function said(disk: Disk, scenario: string, folder = freshFolder()): unknown {
  const { status, stdout, stderr } = runOn(disk, folder, [process.execPath, '--conditions=@devtrail/source', CHILD, scenario, folder])
  expect([stderr, status]).toStrictEqual(['', 0])
  return JSON.parse(stdout)
}

interface Found {
  readonly isWhole: boolean
  readonly lastSeq: number
  readonly areRight: boolean
  readonly damages: readonly string[]
}

interface Filled {
  readonly durable: number
  readonly error: string
  readonly after: object
  readonly whileFull: { readonly found: Found; readonly create: string; readonly atomic: string; readonly names: readonly string[] }
  readonly goesOn: { readonly from: number }
  readonly found: Found
  readonly other: string
}

interface Closed {
  readonly durable: number
  readonly close: string
  readonly full: Found
  readonly more: string
  readonly closed: string
  readonly found: Found
}

const whole = { isWhole: true, areRight: true, damages: [] }
const noSpace = (where: RegExp): unknown =>
  expect.stringMatching(
    new RegExp(
      `^Error: ENOSPC: no space left on device, \\w+ '.*${where.source}'; make room there and try again; what was acknowledged is safe$`,
    ),
  )
const readOnly = (where: RegExp): unknown =>
  expect.stringMatching(new RegExp(`^Error: EROFS: read-only file system, \\w+ '.*${where.source}'; name a folder that can be written$`))

test.runIf(mustHaveDisk)('in CI disks can be mounted', () => {
  expect(reason).toBeNull()
})

describe.skipIf(reason !== null && !mustHaveDisk)(
  `on real disks${reason === null ? '' : ` (skipped: ${reason})`}`,
  { timeout: 60_000 },
  () => {
    test('a log that fills the disk keeps what was durable, says where there is no room, and goes on when there is', () => {
      const { durable, error, after, whileFull, goesOn, found, other } = said(SMALL, 'full') as Filled
      expect(durable).toBeGreaterThan(1000)
      expect(error).toStrictEqual(noSpace(/log\/segments\/00000001\.seg/))
      // The first error ends the writer, which repeats it.
      expect(after).toStrictEqual({ append: error, flush: error, close: error })
      expect(whileFull.found).toMatchObject(whole)
      expect(whileFull.found.lastSeq).toBeGreaterThanOrEqual(durable)
      expect([whileFull.create, whileFull.atomic]).toStrictEqual([noSpace(/other.*/), noSpace(/other-atomic.*/)])
      expect(whileFull.names).not.toContain('other-atomic')
      expect(goesOn).toMatchObject({ from: whileFull.found.lastSeq, more: 'durable', close: 'durable' })
      expect(found).toMatchObject({ ...whole, lastSeq: goesOn.from + 200 })
      expect(other).toBe('durable')
    })

    test('a log that is closed on a full disk keeps what was durable and can be gone on with', () => {
      const { durable, close, full, more, closed, found } = said(SMALL, 'close') as Closed
      expect(close).toStrictEqual(noSpace(/log\/segments\/00000001\.seg/))
      expect(full).toMatchObject(whole)
      expect(full.lastSeq).toBeGreaterThanOrEqual(durable)
      expect([more, closed]).toStrictEqual(['durable', 'durable'])
      expect(found).toMatchObject({ ...whole, lastSeq: full.lastSeq + 200 })
    })

    test('an attachment or keyframe without room is refused, is not listed, and the log goes on', () => {
      const small = { name: 'small', bytes: 3 }
      expect(said(SMALL, 'attach')).toMatchObject({
        attach: noSpace(/log\/attachments\/large/),
        list: { ...whole, attachments: [small] },
        full: { attach: noSpace(/log\/attachments.*/), keyframe: noSpace(/log\/keyframes.*/) },
        again: { attach: 'durable', keyframe: 'durable' },
        more: 'durable',
        close: 'durable',
        found: { ...whole, lastSeq: 400, attachments: [{ name: 'large', bytes: 1 }, small] },
      })
    })

    test('an atomic log for which there is no room leaves nothing behind', () => {
      expect(said(SMALL, 'atomic')).toStrictEqual({ close: noSpace(/\.log\.unfinished-\w+\/segments\/00000001\.seg/), names: ['filler'] })
    })

    test('on a read-only disk a log can be read and verified; whoever would write is refused, and nothing is changed', async () => {
      const folder = freshFolder()
      const writer = await createFileLog(join(folder, 'log'), sampleMeta(), sampleVocabulary)
      await writer.append(sampleEvents(300))
      await writer.attach('raw', Buffer.from('as it was'))
      await writer.close()
      const state = (): unknown =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .toSorted()
          .map((name) => [name, lstatSync(join(folder, name)).mtimeMs, lstatSync(join(folder, name)).size])
      const before = state()
      expect(said('read-only', 'readOnly', folder)).toMatchObject({
        found: { ...whole, lastSeq: 300 },
        attachment: 'as it was',
        append: readOnly(/log\/lock\/pid=.*/),
        repair: readOnly(/log\/lock\/pid=.*/),
        create: readOnly(/new/),
        atomic: readOnly(/\.new\.unfinished-.*/),
        again: expect.stringMatching(/^LogUsageError: .*log already holds a log/) as unknown,
      })
      expect(state()).toStrictEqual(before)
    })
  },
)
