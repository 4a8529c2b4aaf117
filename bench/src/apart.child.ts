/** Measures one bench, ordered by `measuredApart`. */
import { pathToFileURL } from 'node:url'
import type { Answer, Order } from './apart.ts'
import type { Bench } from './bench.ts'

async function answerTo({ file, bench, peers, options }: Order): Promise<Answer> {
  try {
    const { benches } = (await import(pathToFileURL(file).href)) as { readonly benches: readonly Bench[] }
    const found = benches.find(({ name }) => name === bench)!
    const wanted = found.peers.filter(({ name }) => peers.includes(name))
    return { figures: await found.measure(wanted, options) }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message).replace(/^Error: /, '') : String(error) }
  }
}

// Whoever asked is gone: let go of what was made for it.
process.once('disconnect', () => process.exit(1))
process.once('message', (order: Order) => {
  void answerTo(order).then((answer) => process.send!(answer, () => process.exit()))
})
