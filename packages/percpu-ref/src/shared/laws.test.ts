import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { percpuRefInvariants } from '../invariants.ts'
import { PercpuRefBug } from '../ref-struct.ts'
import { evolvePercpuRef, initialPercpuRef, wordsOf } from '../state.ts'
import { SharedPercpuRef } from './shared-percpu-ref.ts'

const WORKERS = 3
const calls = [
  'get',
  'get',
  'put',
  'put',
  'tryGet',
  'tryGetLive',
  'online',
  'offline',
  'announce',
  'kill',
  'reinit',
  'resurrect',
  'leave',
] as const
const op = fc.record({ call: fc.constantFrom(...calls), worker: fc.nat(WORKERS - 1), n: fc.integer({ min: 1, max: 3 }) })
type Op = { call: (typeof calls)[number]; worker: number; n: number }

/** Several workers of one thread, whose events are kept, and what is known of the ref without looking into it. */
class Machine {
  readonly events: AnyEvent[] = []
  readonly #user = { events: new Emitter(new ManualClock(), (event) => this.events.push(event)), id: '0x1' }
  readonly #creator = SharedPercpuRef.create({ workers: WORKERS - 1, ...this.#user, release: () => this.released++ })
  readonly refs = [this.#creator, this.#join(), this.#join()]
  released = 0
  /** References of users. */
  users = 0
  /** Who was online at the last kill and has not been quiescent since. */
  late = new Set<number>()
  online = new Set<number>()
  isDead = false
  /** Answers other than those expected. */
  disagreements = 0

  #join(): SharedPercpuRef {
    return SharedPercpuRef.attach(this.#creator.buffer, { ...this.#user, release: () => this.released++ })
  }

  get isConfirmed(): boolean {
    return this.isDead && this.late.size === 0
  }

  get isZero(): boolean {
    return this.isConfirmed && this.users === 0
  }

  /** The same thread takes turns: what waits goes on in between. */
  async turn(): Promise<void> {
    if (this.isConfirmed) await this.#creator.confirmed({ timeoutMs: 1000 })
  }

  async apply({ call, worker, n }: Op): Promise<void> {
    const ref = this.refs[worker]!
    switch (call) {
      case 'get':
        if (this.isZero) return
        ref.getMany(n)
        this.users += n
        return
      case 'put':
        if (this.users < n) return
        ref.putMany(n)
        this.users -= n
        return
      case 'tryGet':
        this.#agree(ref.tryGet(), !this.isZero)
        this.users += Number(!this.isZero)
        return
      case 'tryGetLive':
        return this.#tryGetLive(ref)
      case 'online':
        if (this.online.has(worker)) return this.#refused(() => ref.online())
        ref.online()
        this.online.add(worker)
        return
      case 'offline':
        ref.offline()
        this.online.delete(worker)
        this.late.delete(worker)
        return
      case 'announce':
        ref.announce()
        this.late.delete(worker)
        return
      case 'kill':
        if (this.isDead) return this.#refused(() => ref.kill())
        ref.kill()
        this.isDead = true
        this.late = new Set([...this.online].filter((other) => other !== worker))
        return
      case 'reinit':
        if (!this.isZero) return this.#refused(() => ref.reinit())
        ref.reinit()
        this.isDead = false
        return
      case 'resurrect':
        if (!this.isConfirmed) return
        await ref.resurrect()
        this.isDead = false
        return
      case 'leave':
        ref.detach()
        this.online.delete(worker)
        this.late.delete(worker)
        this.refs[worker] = this.#join()
    }
  }

  /** All workers of a thread see its kill at once. */
  #tryGetLive(ref: SharedPercpuRef): void {
    this.#agree(ref.tryGetLive(), !this.isDead)
    this.users += Number(!this.isDead)
  }

  #agree(found: boolean, expected: boolean): void {
    if (found !== expected) this.disagreements++
  }

  #refused(call: () => void): void {
    try {
      call()
    } catch (error) {
      if (error instanceof PercpuRefBug) return
      throw error
    }
    this.disagreements++
  }
}

it('fold law: the folded events give the words after every operation, and they hold what was taken and not put', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 60, size: 'max' }), async (ops) => {
      const machine = new Machine()
      const state = initialPercpuRef()
      let folded = 0
      const broken: unknown[] = []
      for (const one of ops) {
        await machine.apply(one)
        await machine.turn()
        for (; folded < machine.events.length; folded++) {
          evolvePercpuRef(state, machine.events[folded]!)
          broken.push(...percpuRefInvariants.flatMap((rule) => rule.judge(state, machine.events[folded]!)))
        }
        const ref = state.refs.get('0x1')!
        const [any] = machine.refs
        expect(wordsOf(ref)).toEqual(any!.snapshot())
        expect([machine.disagreements, ref.references, any!.isZero, any!.isDying]).toEqual([
          0,
          BigInt(machine.users + Number(!machine.isDead) + Number(machine.isDead && !machine.isConfirmed)),
          machine.isZero,
          machine.isDead,
        ])
        expect(any!.workers.filter(({ isLate }) => isLate)).toHaveLength(machine.late.size)
      }
      expect(broken).toEqual([])
      expect(machine.released).toBe(machine.events.filter(({ type }) => type === 'percpu-ref/released').length)
    }),
    { numRuns: 200 },
  )
})
