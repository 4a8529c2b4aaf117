import { hex, rangeOf, seconds, type AnyEvent } from '@devtrail/events'
import type { Style } from '../print/style.ts'
import { padStart, visible, wrap } from '../print/text.ts'
import { count, number, pagesText, plural, range } from '@devtrail/survey'
import type { Crash, PageRef } from './crash.ts'

/** Columns before the prose of a line of the timeline: a time and two spaces. */
const GUTTER = 12

class Teller {
  readonly #style: Style
  readonly #digits: 6 | 9
  readonly #width: number
  out = ''

  constructor(style: Style, digits: 6 | 9, width: number) {
    this.#style = style
    this.#digits = digits
    this.#width = width
  }

  heading(text: string): void {
    this.out += `\n${this.#style.bold(text)}\n`
  }

  #lines(first: string, text: string): void {
    const gutter = Math.max(GUTTER, this.#digits + 6)
    const [line, ...more] = wrap(text, this.#width - gutter)
    this.out += `${first}  ${line}\n${more.map((l) => `${' '.repeat(gutter)}${l}\n`).join('')}`
  }

  at(event: AnyEvent, text: string): void {
    this.#lines(this.#style.when(padStart(seconds(event.time, this.#digits), Math.max(GUTTER, this.#digits + 6) - 2)), text)
  }

  say(text: string): void {
    this.#lines(' '.repeat(Math.max(GUTTER, this.#digits + 6) - 2), text)
  }
}

const who = (event: AnyEvent): string => (event.actor === null ? 'somebody' : visible(`${event.actor.comm} (pid ${event.actor.pid})`))
const text = (event: AnyEvent, field: string): string | null => {
  const value = event.data[field]
  return typeof value === 'string' ? visible(value) : null
}

/** What an event on the way to the removal means, for somebody who was not there; null for what need not be told. */
function step(event: AnyEvent, crash: Crash, style: Style): string | null {
  const { names } = crash
  const device = names.of(event)
  const on = device === null ? '' : style.name(names.device(device))
  switch (event.type) {
    case 'kernel/marked':
      return `${who(event)} wrote into the trace: “${text(event, 'text')}”.`
    case 'devres/unbind-cleanup-started':
      return `${who(event)} takes the driver off ${on}; its managed resources are released one by one, newest first.`
    case 'kernel/warned': {
      const pfn = event.data['pfn']
      return `${style.warn('The kernel warns')} in ${text(event, 'symbol') ?? '?'}${event.data['at'] === null ? '' : ` (${text(event, 'at')})`}${typeof pfn === 'number' ? `: one of its registers is the struct page of pfn ${hex(pfn)}, one of these pages` : ''}. Nobody stops.`
    }
    case 'memremap/unmap-started':
      return `memunmap_pages begins to take down the pagemap of ${on}, and waits for the pagemap's reference.`
    case 'memremap/ref-released':
      return 'That reference drops to zero, although the pages are still out: on this kernel a reference to an FS_DAX page does not hold its pagemap.'
    case 'memremap/memory-removed':
      return style.bad(
        `arch_remove_memory takes away ${range(hex(event.data['start'] as bigint), hex((event.data['start'] as bigint) + BigInt(event.data['size'] as number | bigint) - 1n))} and the struct pages with it.`,
      )
    default:
      return null
  }
}

function useText(event: AnyEvent, style: Style): string {
  const pfn = event.data['pfn']
  const raw = event.data['raw']
  const by = text(event, 'by') ?? event.type
  const seen = typeof raw === 'number' ? ` What it reads as a count, ${raw}, is whatever lies there now.` : ''
  const why = by === 'page_cache_pipe_buf_release' ? 'lets go of its pipe, which gives back' : `is in ${by} with`
  return `${who(event)} ${why} pfn ${typeof pfn === 'number' ? style.bold(hex(pfn)) : '?'}.${seen}`
}

function faultText(event: AnyEvent, style: Style): string {
  const pfn = event.data['pfn']
  const where = typeof pfn === 'number' ? ` That address was the struct page of pfn ${hex(pfn)}.` : ''
  return `${style.bad(text(event, 'text') ?? 'the kernel crashes')}${event.data['symbol'] === null ? '' : `, in ${text(event, 'symbol')}`}.${where}`
}

/** The crash, as one would tell it to a colleague. */
export function storyOf(crash: Crash, style: Style, digits: 6 | 9, width: number): string {
  const t = new Teller(style, digits, width)
  const { log, violation, refs, taken, chain, reports, uses, device } = crash
  const pages = refs.reduce((sum, r) => sum + rangeOf(r.ref.pages).lo, 0)
  const imported = log.imported!
  t.out += `${style.bold('Why did this kernel crash?')}\n`
  t.out += wrap(
    `${imported.name}: ${number(imported.summary.entries)} trace entries of a real kernel (${kernelName(imported.summary.kernel)}), ${imported.summary.lost === 0 ? 'none lost' : 'some lost'}, read into ${number(imported.summary.events)} events. All that follows is computed from them.`,
    width,
  )
    .map((l) => `${style.dim(l)}\n`)
    .join('')

  t.heading('Who took the pages')
  t.at(taken[0], `${who(taken[0])} begins to take references on pages of ${style.name(device.key)}${modeOf(crash)}.`)
  t.at(
    taken[1],
    `It holds ${refs.map((r) => heldText(r, style)).join('; ')}. An idle page has count ${refs[0]?.ref.idle ?? '?'}. It will not have given back a single one of the ${number(pages)} when their memory goes.`,
  )

  t.heading('What took the memory away')
  const removal = chain.at(-1)!
  for (const event of [...chain, ...reports.filter((e) => e.seq < removal.seq)].toSorted((a, b) => a.seq - b.seq)) {
    const told = step(event, crash, style)
    if (told !== null) t.at(event, told)
  }

  t.heading('What blew up')
  for (const event of uses) t.at(event, useText(event, style))
  for (const event of reports.filter((e) => e.seq > removal.seq)) t.at(event, faultText(event, style))

  t.heading('What devtrail says of it')
  const verdict = violation.certainty === 'certain' ? style.bad('certain') : style.warn('possible')
  t.out += wrap(
    `${verdict} ${style.bold(violation.rule)} on ${style.name(device.key)}: ${violation.summary}. ${plural(violation.evidence.length, 'event')} prove it; ${crash.rules} rules were checked.`,
    width - 2,
  )
    .map((l) => `  ${l}\n`)
    .join('')
  return t.out
}

/** `16 pages 0x109300..0x10930f (FOLL_GET), each with count 2`. */
function heldText({ ref }: PageRef, style: Style): string {
  return `${style.bold(pagesText(ref))} (FOLL_${(ref.kind ?? '?').toUpperCase()}), each with count ${count(ref.refcount)}`
}

/** `, a MEMORY_DEVICE_FS_DAX device with the disk pmem0`. */
function modeOf({ device, refs }: Crash): string {
  const type = refs[0]?.pagemap.type
  const disk = device.view.disk?.name
  return `${type == null ? '' : `, ${type} memory`}${disk === undefined ? '' : ` behind the disk ${disk}`}`
}

const kernelName = (uname: string | null): string => /\b\d+\.\d+\.\d+\S*/.exec(uname ?? '')?.[0] ?? 'version unknown'
