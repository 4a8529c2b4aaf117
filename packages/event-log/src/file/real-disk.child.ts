// The child of real-disk.test.ts: runs where a small disk is mounted that nobody else sees, and says on stdout what came of it.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { appendFileLog, createFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'

const [what = '', disk = ''] = process.argv.slice(2)
const folder = join(disk, 'log')

/** What a call rejects with. */
async function refusal(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
  } catch (error) {
    return (error as Error).message.replaceAll(disk, 'DISK')
  }
  return 'accepted'
}

async function seqs(): Promise<number[]> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  const found: number[] = []
  for await (const { seq } of reader.read()) found.push(seq)
  return found
}

const isNumbered = (found: readonly number[]): boolean => found.every((seq, i) => seq === i + 1)

async function fillDisk(): Promise<object> {
  const filler = join(disk, 'filler')
  writeFileSync(filler, new Uint8Array(512 * 1024))
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(100))
  await writer.attach('before', new Uint8Array(1000).fill(7))
  let durable = 0
  const appending = await refusal(async () => {
    for (;;) {
      const first = writer.lastSeq + 1
      await writer.append(sampleEvents(first + 4999, { first }))
      await writer.flush('durable')
      durable = writer.lastSeq
    }
  })
  const later = [await refusal(() => writer.append(sampleEvents(1))), await refusal(() => writer.close())]
  const second = await refusal(() => createFileLog(join(disk, 'other'), sampleMeta(), sampleVocabulary))
  const found = await seqs()
  const { damages, tornTail } = await verifyFileLog(folder, sampleVocabulary)
  rmSync(filler)
  const next = await appendFileLog(folder, sampleVocabulary)
  const first = next.lastSeq + 1
  const wasCut = next.cutTail !== null
  await next.append(sampleEvents(first + 9, { first }))
  await next.close()
  const all = await seqs()
  await using reader = await openFileLog(folder, sampleVocabulary)
  return {
    appending,
    later,
    second,
    intact: isNumbered(found) && found.length >= durable && durable >= 5000,
    tellsTail: (tornTail !== null) === wasCut,
    damages: damages.length,
    wentOn: isNumbered(all) && all.length === first + 9,
    attached: [...(await reader.attachment('before'))].every((byte) => byte === 7),
  }
}

async function readOnly(): Promise<object> {
  const before = readdirSync(folder).toSorted()
  return {
    create: await refusal(() => createFileLog(join(disk, 'other'), sampleMeta(), sampleVocabulary)),
    append: await refusal(() => appendFileLog(folder, sampleVocabulary)),
    read: await seqs(),
    isWhole: (await verifyFileLog(folder, sampleVocabulary)).isWhole,
    isUnchanged: String(readdirSync(folder).toSorted()) === String(before) && !existsSync(join(disk, 'other')),
  }
}

if (what === 'prepare') {
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(9))
  await writer.close()
} else console.log(JSON.stringify(what === 'fill' ? await fillDisk() : await readOnly()))
