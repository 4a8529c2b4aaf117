import type { DeviceId, Emitter, Said } from '@devtrail/events'
import { Counters } from './counters.ts'
import type { PercpuRefPayload, PercpuRefWarning, ReferenceKind } from './events.ts'
import { ALLOW_REINIT, BIAS, INIT_ATOMIC, INIT_DEAD } from './flags.ts'
import { PercpuArea } from './percpu-area.ts'
import type { PercpuRefRules } from './rules.ts'
import { allocated, PercpuRefNoMemory, type RefMemory } from './memory.ts'
import type { RefWords } from './state.ts'
import { PercpuRefWarned, Warnings } from './warnings.ts'

/** The kernel would have stopped here (BUG), or gone on with freed memory: a broken promise of the caller. */
export class PercpuRefBug extends Error {
  override readonly name = 'PercpuRefBug'
}

type Type = PercpuRefPayload['type']
type Body<T extends Type> = Omit<Extract<PercpuRefPayload, { type: T }>['data'], 'ref'>

/** Where a ref lives. */
export interface RefPlace extends RefMemory {
  readonly events: Emitter
  readonly warnings?: Warnings | undefined
  /** How many CPUs there are. */
  readonly cpus: number
  /** Where its per-CPU words lie, for as many CPUs; left out, in an area of its own. */
  readonly area?: PercpuArea | undefined
}

export interface RefStructInit {
  readonly id: string
  readonly flags: number
  readonly device?: DeviceId | undefined
  /** Name of the release function; may be empty. */
  readonly releaseName: string
  /** Runs it. */
  readonly release: () => void
}

/** struct percpu_ref: its words, how it is counted in the mode it is in, and how it says what happens to it. */
export class RefStruct {
  readonly id: string
  readonly events: Emitter
  readonly releaseName: string
  readonly counters: Counters
  readonly allowReinit: boolean
  #atomic: boolean
  dead: boolean
  biased: boolean
  forceAtomic: boolean
  switching = false
  freed = false
  exited = false
  readonly #said: Said | undefined
  readonly #release: () => void
  readonly #place: RefPlace
  readonly #warnings: Warnings
  readonly #hasData: boolean

  /** @throws PercpuRefNoMemory */
  constructor(place: RefPlace, rules: PercpuRefRules, { id, flags, device, releaseName, release }: RefStructInit) {
    const { events, cpus, warnings = new Warnings(), area = new PercpuArea(cpus, 1) } = place
    if (area.cpus !== cpus) throw new RangeError(`the area is one for ${area.cpus} CPUs, and the machine has ${cpus}`)
    this.id = id
    this.events = events
    this.#place = place
    this.#warnings = warnings
    this.#hasData = rules.allocations.includes('data')
    this.releaseName = releaseName
    this.#release = release
    this.#said = device === undefined ? undefined : { device }
    const missing = allocated(place, rules)
    if (missing !== null) {
      if (events.on) this.say('percpu-ref/init-failed', { what: missing })
      throw new PercpuRefNoMemory(id, missing)
    }
    this.counters = new Counters(area)
    this.#atomic = (flags & (INIT_ATOMIC | INIT_DEAD)) !== 0
    this.dead = (flags & INIT_DEAD) !== 0
    this.#settle()
    this.biased = !this.#atomic
    this.forceAtomic = (flags & INIT_ATOMIC) !== 0
    this.allowReinit = !rules.freesCounters || (flags & (INIT_ATOMIC | INIT_DEAD | ALLOW_REINIT)) !== 0
    this.counters.shared = this.dead ? 0n : this.atomic ? 1n : BIAS + 1n
    if (!events.on) return
    this.say('percpu-ref/initialised', {
      device: device ?? null,
      release: releaseName || null,
      cpus,
      atomic: this.atomic,
      dead: this.dead,
      count: this.counters.shared,
      forceAtomic: this.forceAtomic,
      allowReinit: this.allowReinit,
    })
  }

  get atomic(): boolean {
    return this.#atomic
  }

  set atomic(atomic: boolean) {
    this.#atomic = atomic
    this.#settle()
  }

  /** In percpu mode a ref may be counted without a look at it: whatever ends that, kill and exit too, leaves percpu mode first. */
  #settle(): void {
    this.counters.open = !this.#atomic
  }

  /** A get or put of one reference of a live ref in percpu mode, while nobody listens; else false, and nothing is done. */
  countOne(n: 1 | -1): boolean {
    const { events } = this
    return !events.on && this.counters.countOne(events.cpu ?? 0, n)
  }

  /** Says an event about it; returns its sequence number. */
  say<T extends Type>(type: T, body: Body<T>): number {
    return this.events.emit<PercpuRefPayload>(type, { ref: this.id, ...body }, this.#said)
  }

  /** @throws PercpuRefWarned where warnings are to be thrown. */
  warn(warning: PercpuRefWarning, { text = null, count = null }: { text?: string | null; count?: bigint | null } = {}): void {
    if (!this.#warnings.fires(warning)) return
    if (this.events.on) this.say('percpu-ref/warned', { warning, count, text })
    if (!this.#warnings.panicOnWarn) return
    throw new PercpuRefWarned(warning, `percpu_ref ${this.id}: ${text ?? warning} (after event ${this.events.seq})`)
  }

  /** free_percpu: the counters go, and with them the mode. */
  freeCounters(): void {
    this.atomic = this.dead = this.freed = true
    this.counters.free()
    this.#place.freed?.('counters')
  }

  freeData(): void {
    if (this.#hasData) this.#place.freed?.('data')
  }

  /** @throws PercpuRefBug after percpu_ref_exit. */
  checkAlive(): void {
    if (this.exited) throw new PercpuRefBug(`percpu_ref ${this.id} is used after percpu_ref_exit (after event ${this.events.seq})`)
  }

  /** Adds `n` references to the counter in use; returns its CPU, or null for the shared one. @throws RangeError unless 0 ≤ n < 2^53. */
  add(n: number): number | null {
    return this.#change(n, 1n)
  }

  get(n: number, of: ReferenceKind): void {
    const cpu = this.#change(n, 1n)
    if (this.events.on) this.say('percpu-ref/got', { n, cpu, of })
  }

  /** Outside percpu mode the one that lands on zero runs release. */
  put(n: number, of: ReferenceKind): void {
    const cpu = this.#change(n, -1n)
    const seq = this.events.on ? this.say('percpu-ref/put', { n, cpu, of }) : 0
    if (cpu !== null || this.counters.shared !== 0n) return
    this.events.because(seq, () => {
      if (this.events.on) this.say('percpu-ref/released', {})
      this.#release()
    })
  }

  #change(n: number, sign: 1n | -1n): number | null {
    this.checkAlive()
    if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`a number of references is a whole number from 0, found ${n}`)
    if (this.atomic) {
      this.counters.addShared(sign * BigInt(n))
      return null
    }
    const cpu = this.events.cpu ?? 0
    this.counters.addOn(cpu, sign * BigInt(n))
    return cpu
  }

  words(): RefWords {
    return {
      atomic: this.atomic,
      dead: this.dead,
      count: this.counters.shared,
      perCpu: this.counters.perCpu(),
      biased: this.biased,
      forceAtomic: this.forceAtomic,
      allowReinit: this.allowReinit,
      switching: this.switching,
      freed: this.freed,
      exited: this.exited,
    }
  }
}
