/** Runs that were found by search (`search.ts`) in which what an era does not promise goes wrong; none can be made shorter. */
import type { RulesName } from '../src/rules.ts'
import type { Program, Run } from './interleavings.ts'

const use = (slot: 0 | 1, page: number, pin: boolean, how: number): Program => ({ does: 'use', slot, page, pin, how })
const user = (does: Program['does'], slot: 0 | 1, page = 0): Program => ({ does, slot, page, pin: false, how: 0 })
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
    file: 'put-after-removal.jsonl',
    name: 'and is put when its memory is gone',
    rules: 'linux-6.1',
    breaks: 'memremap/put-after-removal',
    programs: [unbind(0), use(0, 0, false, 0)],
    choices: [4, 1, 0, 0, 0, 2],
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
    file: 'truncate-hang.jsonl',
    name: 'a file is truncated while a bio has its page, and the truncation never returns (the hang of fsdax-truncate-hang, as it was)',
    rules: 'linux-6.1',
    breaks: 'hung: pages of the file to become idle',
    programs: [user('direct-io', 1), user('truncate', 1)],
    choices: [0, 0, 0, 1, 0, 4],
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
    file: 'seed-put-after-removal.jsonl',
    name: 'and they are put when their memory is gone',
    rules: 'seed',
    breaks: 'memremap/put-after-removal',
    programs: [unbind(0), use(0, 0, false, 0)],
    choices: [1, 4, 0, 0, 0, 0, 1],
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
  {
    file: 'seed-lookups-left.jsonl',
    name: 'the slow walk of get_user_pages never puts its lookups',
    rules: 'seed',
    breaks: 'memremap/walk-lookups-unbalanced',
    programs: [user('splice', 0)],
    choices: [],
  },
  {
    file: 'seed-freed-block.jsonl',
    name: 'a file gives up a block whose page a bio has',
    rules: 'seed',
    breaks: 'memremap/freed-block-referenced',
    programs: [user('direct-io', 1), user('truncate', 1)],
    choices: [0, 0, 0, 0, 0, 4, 0, 1],
  },
  {
    file: 'seed-page-unmapped-meanwhile.jsonl',
    name: 'the fast walk does not look again: a file is truncated between',
    rules: 'seed',
    breaks: 'memremap/page-of-no-translation',
    programs: [user('direct-io', 1, 1), user('touch', 1, 1), user('truncate', 1)],
    choices: [5, 5, 0, 4, 4],
  },
]
