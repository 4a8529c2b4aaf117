/** `log.json` and `attachments.json`, with and without a right checksum: opened, listed, verified, written on. */
import { type Bytes, must, mustBeUnpolluted, mutated, type Random, replaced, type Target, text } from '@devtrail/fuzz'
import { hexCrc } from '../../src/file/crc.ts'
import { appendOn } from '../../src/file/append.ts'
import { createOn } from '../../src/file/create.ts'
import { openOn } from '../../src/file/open.ts'
import { repairOn } from '../../src/file/repair.ts'
import { verifyOn } from '../../src/file/verify.ts'
import { checkedMeta } from '../../src/meta.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../../src/samples.ts'
import { FlatDisk } from '../../src/file/flat-disk.test-support.ts'
import { mustBeForeseen } from '../promises.ts'

const FOLDER = '/log'
const FILES = ['log.json', 'attachments.json'] as const
const attached = new Uint8Array([1, 2, 3, 0, 255])

const pristine = new FlatDisk()
{
  const writer = await createOn(pristine, FOLDER, sampleMeta({ kind: 'sample', deep: { a: [1, { b: null }] } }), sampleVocabulary)
  await writer.append(sampleEvents(3))
  await writer.attach('raw', attached)
  await writer.attach('raw-2', attached)
  await writer.close()
}

const bytesOf = (s: string): Bytes => new Uint8Array(Buffer.from(s))
const SEAL = /,\n {2}"crc32": "[0-9a-f]{8}"\n\}\n$/

/** First byte: which file, and whether it is sealed anew; then the file without its seal. */
function seeds(): Bytes[] {
  return FILES.flatMap((name, i) => {
    const whole = Buffer.from(pristine.bytes(`${FOLDER}/${name}`)!).toString()
    return [replaced(bytesOf(whole.replace(SEAL, '')), 0, 0, [i]), replaced(bytesOf(whole), 0, 0, [i + 2])]
  })
}

const nested = (open: string, n: number): string => open.repeat(n)
const tokens = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\ud800',
  '-0',
  '1e999',
  nested('[', 500),
  nested('{"a":', 500),
  '\uFEFF',
  '\0',
  '/* */',
].map(bytesOf)

const SCALARS = [null, true, 0, -1, 1, 0.5, 5, 2 ** 30, 2 ** 53 - 1, 1e300]
const NAMES = [
  '',
  'raw',
  'raw-2',
  'x',
  '../../log.json',
  'a/b',
  '.',
  '\ud800',
  '8'.repeat(31),
  '-1',
  'x'.repeat(300),
  'deadbeef',
  '00000000',
]
const LISTS = [[], {}, [[]], [{}], [5, 5], ['00000000']]

const VALUES: readonly unknown[] = [
  ...SCALARS,
  ...NAMES,
  ...LISTS,
  JSON.parse('{"__proto__": {"x": 1}}'),
  JSON.parse(`${nested('[', 70)}${nested(']', 70)}`),
  { name: 'more', bytes: 0, crc32: [] },
  { name: 'raw', bytes: 2 ** 30, crc32: Array.from({ length: 1024 }, () => '00000000') },
]
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'schemaVersion',
  'epoch',
  'source',
  'notes',
  'id',
  'name',
  'bytes',
  'crc32',
  'attachments',
]

type Node = { [key: string]: unknown }

/** All objects and lists in a value. */
function nodesIn(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Node, ...Object.values(value).flatMap(nodesIn)]
}

function withChangedValue(body: Bytes, random: Random): Bytes {
  let root: Node
  try {
    root = JSON.parse(`${Buffer.from(body).toString()}\n}`) as Node
  } catch {
    return body
  }
  const node = random.oneOf(nodesIn(root))
  const keys = Object.keys(node)
  const key = keys.length === 0 || random.once(6) ? random.oneOf(KEYS) : random.oneOf(keys)
  const value = random.once(6) ? structuredClone(random.oneOf(nodesIn(root))) : random.oneOf(VALUES)
  if (Array.isArray(node)) {
    if (random.once(2)) node.push(node[random.below(node.length)] ?? value)
    else node.splice(random.below(node.length + 1), random.below(2), value)
  } else if (random.once(4)) delete node[key]
  // Setting would change the prototype.
  else Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true })
  return bytesOf(JSON.stringify(root, null, 2).slice(0, -2))
}

function mutate(input: Bytes, random: Random, other: Bytes): Bytes {
  const choice = random.once(16) ? random.below(4) : input[0]!
  const body = input.slice(1)
  const out = random.once(3) ? mutated(body, random, other.slice(1), tokens) : withChangedValue(body, random)
  return replaced(out, 0, 0, [choice])
}

function sealed(body: Uint8Array): Uint8Array {
  const content = Buffer.concat([body, Buffer.from(',\n  "crc32": "')])
  return Buffer.concat([content, Buffer.from(`${hexCrc(content)}"\n}\n`)])
}

async function attempt(read: () => Promise<void>): Promise<void> {
  try {
    await read()
  } catch (error) {
    mustBeForeseen(error, ['unsupported', 'not-a-log', 'not-found', 'bad-range', 'bad-name', 'exists', 'bad-meta'])
  }
}

async function run(input: Bytes): Promise<void> {
  if (input.length < 1) return
  const disk = pristine.copy()
  const body = input.subarray(1)
  disk.put(`${FOLDER}/${FILES[input[0]! & 1]!}`, (input[0]! & 2) === 0 ? sealed(body) : body.slice())
  await attempt(async () => {
    await using reader = await openOn(disk, FOLDER, sampleVocabulary)
    must(text(checkedMeta(reader.meta)) === text(reader.meta), 'a meta that is read is one that can be written')
    for (const { name, bytes } of await reader.attachments()) {
      must(/^[a-z0-9][a-z0-9._-]*$/.test(name), 'an attachment has a name', name)
      await attempt(async () => {
        const whole = await reader.attachment(name)
        must(whole.length === bytes && text([...whole]) === text([...attached]), 'an attachment is what was attached')
      })
    }
  })
  await attempt(async () => void (await verifyOn(disk, FOLDER, sampleVocabulary)))
  await attempt(async () => void (await repairOn(disk, FOLDER)))
  await attempt(async () => {
    await using writer = await appendOn(disk, FOLDER, sampleVocabulary)
    await writer.attach('more', attached)
  })
  mustBeUnpolluted()
}

export const jsonTarget: Target = {
  name: 'json',
  seeds: seeds(),
  bytesMax: 64 * 1024,
  budget: { steps: 10_000_000, bytes: 64 * 1024 * 1024 },
  mutate,
  run,
}
