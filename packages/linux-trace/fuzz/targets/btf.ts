/** The types of a kernel, as a stranger may hand them in, up to the script that is printed for it. */
import { must, mustBeUnpolluted, type Bytes, type Target } from '@devtrail/fuzz'
import { Btf } from '../../src/btf/btf.ts'
import { RecordingError } from '../../src/errors.ts'
import { layoutOf } from '../../src/record/layout.ts'
import { recordScript } from '../../src/record/script.ts'
import { verifiedKernels } from '../../src/record/verified.ts'
import { btfOf } from '../kernel-btf.ts'

const seeds: Bytes[] = verifiedKernels.flatMap((kernel) => [btfOf(kernel, true).slice(), btfOf(kernel, false).slice()])

/** What a definition of a probe may consist of, in a shell script that root runs. */
const HARMLESS = /^[pr]( [\w.:$()@+=-]+)+$/

function run(input: Bytes): void {
  try {
    const layout = layoutOf(new Btf(input))
    const script = recordScript([{ ...verifiedKernels[0]!, ...layout }])
    for (const line of script.split('\n')) {
      if (/^[pr] /.test(line)) must(HARMLESS.test(line), 'nothing but names and places goes into the script', line)
    }
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error
  }
  mustBeUnpolluted()
}

export const btfTarget: Target = {
  name: 'btf',
  seeds,
  bytesMax: 64 * 1024,
  budget: { steps: 40_000_000, bytes: 64 << 20 },
  run,
}
