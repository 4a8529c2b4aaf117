/** The text of a trace, with the probes of one of the recordings; the first byte says which. */
import { mutated, must, type Bytes, type Target } from '@devtrail/fuzz'
import { imported, pieces, whole } from '../imports.ts'
import { folders, stretchesOf, textOf } from '../recordings.ts'

const LINES = 40
const encoder = new TextEncoder()
const definitions = folders.map((folder) => textOf(folder, 'kprobe_events.txt'))

function seeds(): Bytes[] {
  return folders.flatMap((folder, i) =>
    stretchesOf(folder, LINES).map((stretch) => {
      const body = encoder.encode(stretch)
      const input = new Uint8Array(1 + body.length)
      input[0] = i
      input.set(body, 1)
      return input
    }),
  )
}

const tokens = [
  'CPU:1 [LOST 12 EVENTS]\n',
  '##### CPU 1 buffer started ####\n',
  '# entries-in-buffer/entries-written: 5/9   #P:2\n',
  ' [001] ',
  ' .... ',
  'd.Zff ',
  '<...>-0 ',
  '18446744073709551615',
  '-9223372036854775808',
  '0xffffffffffffffff',
  ' 9.999999: ',
  '99999999999.000000: ',
  '0.000001: ',
  '__proto__=0x1',
  'constructor',
  'arg1="\\"',
  ' <- ',
  'NULL',
  '(fault)',
  'dev="pfn0.0"',
  ' '.repeat(64),
].map((token) => encoder.encode(token))

async function run(input: Bytes): Promise<void> {
  if (input.length === 0) return
  const kprobeEvents = definitions[input[0]! % (definitions.length + 1)] ?? ''
  const trace = input.subarray(1)
  const once = await imported({ trace: pieces(trace, 4096), name: 'fuzzed', kprobeEvents })
  const again = await imported({ trace: pieces(trace, 61), name: 'fuzzed', kprobeEvents })
  must(whole(once) === whole(again), 'how the bytes come does not matter')
}

const decoder = new TextDecoder('latin1')
const lines = (bytes: Bytes): string[] => decoder.decode(bytes.subarray(1)).split('\n')

/** Times and numbers are what matters in a line; half of the changes are of whole lines. */
function mutate(input: Bytes, random: Parameters<typeof mutated>[1], other: Bytes): Bytes {
  if (random.once(2)) return mutated(input, random, other, tokens)
  const [mine, theirs] = [lines(input), lines(other)]
  for (let n = 1 + random.below(4); n > 0; n--) {
    const at = random.below(mine.length)
    const from = random.below(theirs.length)
    const count = 1 + random.below(8)
    if (random.once(3)) mine.splice(at, count)
    else if (random.once(2)) mine.splice(at, 0, ...theirs.slice(from, from + count))
    else mine.splice(random.below(mine.length), 0, ...mine.splice(at, count))
  }
  const body = Uint8Array.from(mine.join('\n'), (c) => c.charCodeAt(0))
  const out = new Uint8Array(1 + body.length)
  out[0] = input[0]!
  out.set(body, 1)
  return out
}

export const textTarget: Target = {
  name: 'text',
  seeds: seeds(),
  bytesMax: 24 * 1024,
  budget: { steps: 60_000_000, bytes: 128 << 20 },
  mutate,
  run,
}
