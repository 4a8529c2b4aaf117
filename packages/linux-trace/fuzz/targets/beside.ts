/** What lies beside a trace: listings, definitions and counts of probes, the kernel's log. The first byte says which it is. */
import { must, mutated, type Bytes, type Target } from '@devtrail/fuzz'
import { imported, pieces } from '../imports.ts'
import { folders, stretchesOf, textOf } from '../recordings.ts'
import type { Recording } from '../../src/recording.ts'

const PARTS = [
  ['iomem', 'iomem.before'],
  ['ndctl', 'ndctl.before.json'],
  ['mounts', 'mounts.before'],
  ['uname', 'uname.txt'],
  ['kprobeEvents', 'kprobe_events.txt'],
  ['kprobeProfile', 'kprobe_profile.txt'],
  ['dmesg', 'dmesg.txt'],
] as const satisfies readonly (readonly [keyof Recording, string])[]

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One recording that has all of them; its trace stays as it is. */
const folder = folders.find((f) => PARTS.every(([, name]) => textOf(f, name) !== '')) ?? folders[0]!
const trace = encoder.encode(stretchesOf(folder, 30).at(-1))
const rest = Object.fromEntries(PARTS.map(([part, name]) => [part, textOf(folder, name)]))

const seeds: Bytes[] = folders.flatMap((from) =>
  PARTS.flatMap(([, name], i) => {
    const body = encoder.encode(textOf(from, name).slice(0, 8000))
    const input = new Uint8Array(1 + body.length)
    input[0] = i
    input.set(body, 1)
    return body.length === 0 ? [] : [input]
  }),
)

const tokens = [
  '{"__proto__":{"x":1}}',
  '[[[[[[[[',
  '"size":1e400',
  'ffffffffffffffff-0',
  '  '.repeat(40),
  '$retval',
  '+0(+8($arg1)):u64',
  '-1',
  '\0',
].map((t) => encoder.encode(t))

export const besideTarget: Target = {
  name: 'beside',
  // What is there once is there a hundred times.
  seeds: [...new Map(seeds.map((seed) => [decoder.decode(seed), seed])).values()],
  bytesMax: 16 * 1024,
  budget: { steps: 60_000_000, bytes: 128 << 20 },
  mutate: (input, random, other) => mutated(input, random, other, tokens),
  run: async (input) => {
    if (input.length === 0) return
    const [part] = PARTS[input[0]! % PARTS.length]!
    const { refused } = await imported({ ...rest, [part]: decoder.decode(input.subarray(1)), trace: pieces(trace, 4096), name: 'fuzzed' })
    must(refused === null || part !== 'dmesg', "a log of the kernel's never refuses a recording", refused)
  },
}
