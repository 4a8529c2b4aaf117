/** Runs that were found by search (`search.ts`) in which what an era does not promise goes wrong; none can be made shorter. */
import type { RulesName } from '../src/rules.ts'
import type { Program, Run } from './interleavings.ts'

const use = (slot: 0 | 1, page: number, pin: boolean, how: number): Program => ({ does: 'use', slot, page, pin, how })
const unbind = (slot: 0 | 1): Program => ({ does: 'unbind', slot, page: 0, pin: false, how: 0 })

export interface Counterexample extends Run {
  readonly name: string
  /** Its events, as JSON lines, in `counterexamples/`. */
  readonly file: string
  readonly rules: RulesName
  readonly breaks: string
}

export const counterexamples: readonly Counterexample[] = [
  {
    file: 'pinned-unbind.jsonl',
    name: 'memory is unmapped under a page that is pinned (the crash of fsdax-pinned-unbind)',
    rules: 'linux-6.1',
    breaks: 'memremap/referenced-at-removal',
    programs: [unbind(0), use(0, 0, true, 1)],
    choices: [0, 4, 4, 0, 0, 2],
  },
  {
    file: 'lost-wake-up.jsonl',
    name: 'the end of a bio drops the last reference and wakes nobody (the hang of fsdax-truncate-hang)',
    rules: 'linux-6.1',
    breaks: 'memremap/idle-waiter-not-woken',
    programs: [{ does: 'wait', slot: 1, page: 0, pin: false, how: 2 }, use(1, 0, false, 1)],
    choices: [4, 7],
  },
  {
    file: 'seed-pages-not-waited-for.jsonl',
    name: 'the release of the seed does not wait for its pages',
    rules: 'seed',
    breaks: 'memremap/referenced-at-removal',
    programs: [unbind(0), use(0, 0, false, 0)],
    choices: [1, 1, 0, 0, 0, 0, 3],
  },
  {
    file: 'seed-reference-not-waited-for.jsonl',
    name: 'nor for its reference',
    rules: 'seed',
    breaks: 'memremap/ref-held-at-removal',
    programs: [unbind(0), use(0, 0, false, 0)],
    choices: [1, 1, 0, 0, 0, 0, 3],
  },
  {
    file: 'seed-record-freed-under-lookup.jsonl',
    name: 'its record is freed under a lookup that began after the only grace period',
    rules: 'seed',
    breaks: 'memremap/freed-under-lookup',
    programs: [use(0, 0, false, 0), unbind(0), use(0, 0, false, 0)],
    choices: [0, 1, 0, 0, 0, 0, 0, 3],
  },
  {
    file: 'seed-two-hot-removes.jsonl',
    name: 'two devices are hot-removed at once',
    rules: 'seed',
    breaks: 'memremap/hotplug-overlaps',
    programs: [unbind(0), unbind(1)],
    choices: [0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 4],
  },
]
