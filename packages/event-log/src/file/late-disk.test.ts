import { expect, test } from 'vitest'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import { FaultyDisk } from './faulty-disk.test-support.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { openOn } from './open.ts'

const FOLDER = '/disk/log'
/** More than are synced in one go. */
const FILES = 80

async function freshDisk(): Promise<FaultyDisk> {
  const disk = new FaultyDisk()
  await disk.mkdir('/disk')
  await disk.syncFolder('/')
  return disk
}

async function written(disk: FaultyDisk): Promise<void> {
  await using writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary, { atomic: true })
  let since: number | null = null
  for (let n = 1; n <= FILES; n++) {
    await writer.append(sampleEvents(n * 3, { first: writer.lastSeq + 1 }))
    await writer.keyframe(FOLD, changesAt(writer.lastSeq, since))
    since = writer.lastSeq
    await writer.attach(`at-${n}`, new Uint8Array([n]))
  }
  await writer.close()
}

const syncsIn = (trace: readonly string[]): number[] => trace.flatMap((what, i) => (what.startsWith('sync') ? [i] : []))

test('when an atomic log has its name, all that is in it outlives the power', async () => {
  const disk = await freshDisk()
  await written(disk)
  disk.reboot('nothing')
  await using reader = await openOn(disk, FOLDER, sampleVocabulary)
  expect(reader.lastSeq).toBe(FILES * 3)
  const seqs = Array.from({ length: FILES }, (_, i) => (i + 1) * 3)
  expect(await reader.keyframes(FOLD)).toStrictEqual(seqs)
  for (const seq of seqs) expect(await reader.keyframe(FOLD, seq)).toStrictEqual({ seq, parts: partsAt(seq) })
  for (let n = 1; n <= FILES; n++) expect(await reader.attachment(`at-${n}`)).toStrictEqual(new Uint8Array([n]))
})

test('a sync that fails on the way is told, and no log appears', async () => {
  const whole = await freshDisk()
  await written(whole)
  const syncs = syncsIn(whole.trace)
  // Most are of files that were closed long before.
  for (const at of [syncs[Math.floor(syncs.length / 4)]!, syncs[Math.floor(syncs.length / 2)]!, syncs.at(-8)!]) {
    const disk = await freshDisk()
    disk.fault = { at: at + 1, how: 'fail' }
    await expect(written(disk)).rejects.toThrow(/EIO/)
    disk.fault = null
    expect(await disk.list('/disk')).toStrictEqual([])
  }
})
