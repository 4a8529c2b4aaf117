/** Records without effect, kept as they are: their bytes, and once each of the tasks, contexts and formats that these refer to. */
import { KeptCount, type BatchBuilder } from '../entries/batch.ts'
import type { CpuRecords } from './cpu-records.ts'
import type { EventFormat } from './format.ts'

export class KeptRecords {
  readonly #out: BatchBuilder
  readonly #tasks: (true | undefined)[] = []
  readonly #contexts: (true | undefined)[] = []
  readonly #counts = new Map<number, KeptCount>()

  constructor(out: BatchBuilder) {
    this.#out = out
  }

  /** `task` and `context`: their numbers in the batches. */
  add(
    number: number,
    { view, start, length, time, cpu }: CpuRecords,
    task: number,
    context: number,
    format: EventFormat,
    names: { readonly comm: string; readonly pid: number; readonly context: string },
  ): void {
    const { kept } = this.#out
    if (this.#tasks[task] === undefined) {
      this.#tasks[task] = true
      kept.task(task, { pid: names.pid, comm: names.comm })
    }
    if (this.#contexts[context] === undefined) {
      this.#contexts[context] = true
      kept.context(context, names.context)
    }
    let count = this.#counts.get(format.id)
    if (count === undefined) {
      this.#counts.set(format.id, (count = new KeptCount(format.name)))
      kept.format(format.id, { event: format.name, format: format.text })
    }
    kept.record(number, time, cpu, task, context, format.id, view, start, length)
    this.#out.countKept(count)
  }
}
