import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { GracePeriods, PercpuRef, Warnings, type PercpuRefMachine, type RefCallback } from '@devtrail/percpu-ref'
import { UnknownOperation, type Answer, type Operation, type Subsystem } from '../sequence.ts'
import { warningFunctions } from './warnings.ts'

type Confirm = 'A' | 'B' | null

/** What the operations have in `args`; which of them, depends on the operation. */
interface Args {
  readonly ref: number
  readonly flags: number
  readonly nr: number
  readonly confirm: Confirm
}

/** Two CPUs, whose work nothing in an answer shows, and grace periods that pass at `sync` or when an operation waits. */
export const percpuRef: Subsystem = () => {
  const fixture = new Fixture()
  return (operation) => fixture.run(operation)
}

class Fixture {
  readonly #refs = new Map<number, PercpuRef>()
  readonly #gracePeriods = new GracePeriods()
  readonly #warnings = new Warnings({ once: true })
  #log: unknown[] = []
  #events: AnyEvent[] = []
  readonly #machine: PercpuRefMachine = {
    events: new Emitter(new ManualClock(), (event) => this.#events.push(event)),
    scheduler: this.#gracePeriods,
    cpus: 2,
    rules: 'linux-6.1',
    warnings: this.#warnings,
  }

  run({ op, args }: Operation): Answer {
    this.#log = []
    this.#events = []
    // The recorder does so before each operation.
    this.#warnings.clearOnce()
    const pending = this.#refs.get(Number(args['ref']))?.snapshot().switching === true
    const ret = this.#call(op, args as unknown as Args)
    const warn = warningFunctions(this.#events)
    // A synchronous switch always waits for its own; what counts is a wait for one that was pending.
    const blocked = pending && this.#events.some(({ type }) => type === 'percpu-ref/wait-started')
    return {
      ret: typeof ret === 'boolean' ? Number(ret) : (ret ?? null),
      ...(this.#log.length > 0 && { log: this.#log }),
      ...(warn.length > 0 && { warn }),
      ...(blocked && { blocked }),
      refs: [...this.#refs].toSorted(([a], [b]) => a - b).map(([n, ref]) => stateOf(n, ref)),
    }
  }

  #call(op: string, args: Args): number | boolean | void {
    if (op === 'sync') return this.#gracePeriods.pass()
    if (op === 'init') return this.#init(args)
    const ref = this.#refs.get(args.ref)
    if (ref === undefined) throw new UnknownOperation(`${op} on ref ${args.ref}, which was not initialised`)
    switch (op) {
      case 'get':
        return ref.get()
      case 'get_many':
        return ref.getMany(args.nr)
      case 'tryget':
        return ref.tryGet()
      case 'tryget_many':
        return ref.tryGetMany(args.nr)
      case 'tryget_live':
        return ref.tryGetLive()
      case 'tryget_live_rcu':
        return ref.tryGetLiveRcu()
      case 'put':
        return ref.put()
      case 'put_many':
        return ref.putMany(args.nr)
      case 'kill':
        return ref.kill()
      case 'kill_and_confirm':
        return ref.killAndConfirm(this.#confirm(args))
      case 'switch_to_atomic':
        return ref.switchToAtomic(this.#confirm(args))
      case 'switch_to_atomic_sync':
        ref.switchToAtomicSync()
        // The recorder leaves its read section for this one call, switch or not: what others have queued runs too.
        return this.#gracePeriods.pass()
      case 'switch_to_percpu':
        return ref.switchToPercpu()
      case 'reinit':
        return ref.reinit()
      case 'resurrect':
        return ref.resurrect()
      case 'is_zero':
        return ref.isZero
      case 'is_dying':
        return ref.isDying
      case 'exit':
        return ref.exit()
      default:
        throw new UnknownOperation(op)
    }
  }

  #init({ ref, flags }: Args): number {
    const release: RefCallback = () => this.#log.push(['release', ref])
    this.#refs.set(ref, new PercpuRef(this.#machine, { id: `ref${ref}`, release, flags }))
    return 0
  }

  #confirm({ ref, confirm }: Args): RefCallback | null {
    return confirm === null ? null : () => this.#log.push([`confirm:${confirm}`, ref])
  }
}

function stateOf(ref: number, object: PercpuRef): Answer {
  const { atomic, dead, biased, switching, exited, count, forceAtomic, allowReinit } = object.snapshot()
  const flags = { ref, mode: Number(atomic) + 2 * Number(dead), is_zero: Number(object.isZero), is_dying: Number(object.isDying) }
  if (exited) return { ...flags, exited: 1 }
  return {
    ...flags,
    pending: Number(switching),
    count: !atomic || biased || switching || count === null ? null : Number(BigInt.asIntN(64, count)),
    force_atomic: Number(forceAtomic),
    allow_reinit: Number(allowReinit),
  }
}
