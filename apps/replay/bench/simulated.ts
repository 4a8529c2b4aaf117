/**
 * A made-up log of any length over 64 pmem devices: bound, mapped, their pages grabbed and put by 200 tasks, references
 * of their queues taken and dropped, managed resources added and removed; now and then one is unbound and bound again.
 */
import type { AnyEvent } from '@devtrail/events'

const DEVICES = 64
const TASKS = 200
/** Page references out at one time, of all devices together. */
const OUT_MAX = 4096
const PAGES = 1 << 18
/** MEMORY_DEVICE_FS_DAX. */
const FS_DAX = 2
const NO_ALTMAP = { altBase: null, reserve: null, free: null, alloc: null }

interface Out {
  readonly device: number
  readonly pfn: number
  readonly task: number
}

/** Events from seq 1 on, the same for the same count and number of devices. */
export class Simulation {
  #state = 1
  #seq = 0
  #time = 1_000_000_000
  #pagemaps = 0
  readonly #pagemapOf: number[] = []
  readonly #out: Out[] = []
  readonly #tasks = Array.from({ length: TASKS }, (_, i) => ({ pid: 100 + i, comm: `task-${i % 40}` }))
  readonly #devices: number
  readonly #refs: readonly string[]
  readonly #nodes: number[]
  readonly #held: number[]
  #batch: AnyEvent[] = []

  constructor(devices = DEVICES) {
    this.#devices = devices
    this.#refs = Array.from({ length: devices + 1 }, (_, i) => `0xff3fdf91${(0x70e6c000 + i * 0x1000).toString(16)}`)
    this.#nodes = Array.from({ length: devices + 1 }, () => 0)
    this.#held = Array.from({ length: devices + 1 }, () => 0)
  }

  #below(n: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) & 0x7fffffff
    return (this.#state >> 4) % n
  }

  #say(type: string, device: number | null, task: number | null, data: AnyEvent['data'], cause: readonly number[] = []): number {
    this.#seq++
    this.#time += 100 + this.#below(4000)
    const actor = task === null ? null : this.#tasks[task]!
    this.#batch.push({ seq: this.#seq, entry: null, time: this.#time, device, cpu: this.#below(8), actor, cause, type, data })
    return this.#seq
  }

  #pointer(n: number): string {
    return `0xff3fdf92${(0x10000000 + n * 64).toString(16)}`
  }

  #start(device: number): bigint {
    return BigInt(device) << 36n
  }

  #bind(device: number): void {
    const driver = 'nd_pmem'
    const probe = this.#say('devres/probe-started', device, 0, { device, driver, listed: true })
    for (let i = 0; i < 6; i++) this.#add(device, probe)
    this.#held[device] = 0
    this.#say('percpu-ref/initialised', device, 0, {
      ref: this.#refs[device]!,
      device,
      release: 'blk_queue_usage_counter_release',
      cpus: 8,
      atomic: false,
      dead: false,
      count: (1n << 63n) + 1n,
      forceAtomic: false,
      allowReinit: true,
    })
    const pagemap = ++this.#pagemaps
    this.#pagemapOf[device] = pagemap
    const start = this.#start(device)
    const layout = { pagemap, pointer: this.#pointer(pagemap), start, end: start + BigInt(PAGES) * 4096n - 1n, type: FS_DAX }
    this.#say('memremap/map-started', device, 0, { ...layout, ...NO_ALTMAP, altEnd: null, flags: 0, vmemmapShift: 0 }, [probe])
    const { start: first, end, type } = layout
    this.#say('memremap/pagemap-identified', device, 0, { pagemap, device, namespace: null, start: first, end, type, ref: null }, [probe])
    this.#say('memremap/mapped', device, 0, { pagemap, address: null }, [probe])
    this.#say('devres/probe-ended', device, 0, { device, errno: 0, outcome: 'bound' }, [probe])
  }

  #add(device: number, cause: number): void {
    const node = this.#pointer(device * 4096 + this.#nodes[device]!++)
    this.#say('devres/added', device, 0, { device, node, release: 'devm_action_release', size: 16 }, [cause])
  }

  #unbind(device: number): void {
    for (let i = this.#out.length - 1; i >= 0; i--) if (this.#out[i]!.device === device) this.#put(i)
    this.#say('devres/remove-started', device, 0, { device, driver: 'nd_pmem' })
    const start = this.#say('devres/release-all-started', device, 0, { device, listed: true })
    let released = 0
    for (; this.#nodes[device]! > 0; released++) {
      const node = this.#pointer(device * 4096 + --this.#nodes[device]!)
      this.#say('devres/released', device, 0, { device, node, release: 'devm_action_release', size: 16 }, [start])
    }
    this.#say('devres/release-all-ended', device, 0, { device, count: released, reason: 'unbind' }, [start])
    const pagemap = this.#pagemapOf[device]!
    const first = this.#start(device)
    this.#say('memremap/memory-removed', device, 0, { pagemap, start: first, size: BigInt(PAGES) * 4096n }, [start])
    this.#say('memremap/unmapped', device, 0, { pagemap }, [start])
  }

  #grab(device: number): void {
    const pfn = Number(this.#start(device) >> 12n) + this.#below(PAGES)
    const task = this.#below(TASKS)
    const pagemap = this.#pagemapOf[device]!
    this.#say('memremap/grabbed', device, task, { pfn, pagemap, before: null, head: null, refs: 1, kind: 'pin', result: null })
    this.#out.push({ device, pfn, task })
  }

  #put(i: number): void {
    const { device, pfn, task } = this.#out[i]!
    this.#out[i] = this.#out.at(-1)!
    this.#out.pop()
    const pagemap = this.#pagemapOf[device]!
    const unknown = { page: null, head: null, word: null, before: null }
    this.#say('memremap/put', device, task, { pfn, pages: 1, pagemap, ...unknown, refs: 1, kind: 'pin', how: 'put_page' })
  }

  #step(): void {
    const what = this.#below(1000)
    const device = 1 + this.#below(this.#devices)
    const out = this.#out.length
    if (what < 540) {
      if (out === 0 || (what < 270 && out < OUT_MAX)) this.#grab(device)
      else this.#put(this.#below(out))
    } else if (what < 650) {
      const pfn = Number(this.#start(device) >> 12n) + this.#below(PAGES)
      const task = this.#below(TASKS)
      const pagemap = this.#pagemapOf[device]!
      const started = this.#say('memremap/lookup-started', null, task, { pfn, cached: null })
      this.#say('memremap/looked-up', device, task, { pfn, pagemap, pointer: this.#pointer(pagemap), fresh: false }, [started])
    } else if (what < 890) {
      const ref = this.#refs[device]!
      const gets = this.#held[device] === 0 || what % 2 === 0
      this.#held[device]! += gets ? 1 : -1
      this.#say(gets ? 'percpu-ref/got' : 'percpu-ref/put', device, this.#below(TASKS), { ref, n: 1, cpu: this.#below(8), of: 'user' })
    } else if (what < 999 || this.#below(100) > 0) {
      if (this.#nodes[device]! < 30) this.#add(device, 0)
      else {
        const node = this.#pointer(device * 4096 + --this.#nodes[device]!)
        this.#say('devres/removed', device, this.#below(TASKS), { device, node, release: 'devm_action_release', size: 16 })
      }
    } else {
      this.#unbind(device)
      this.#bind(device)
    }
  }

  /** The next events, at least `count` of them; the array is used again for the next ones. */
  next(count: number): readonly AnyEvent[] {
    this.#batch.length = 0
    if (this.#seq === 0) {
      for (let device = 1; device <= this.#devices; device++) {
        this.#say('devres/device-added', device, 0, { device, name: `pfn${device - 1}.0`, bus: 'nd', kind: 'nd-pfn' })
        this.#bind(device)
      }
    }
    while (this.#batch.length < count) this.#step()
    return this.#batch
  }
}
