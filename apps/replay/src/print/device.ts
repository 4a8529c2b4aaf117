import { seconds, type AnyEvent } from '@devtrail/events'
import type { Style } from './style.ts'
import { padEnd, visible } from './text.ts'
import type { Branch } from './tree.ts'
import {
  bytes,
  count,
  holdersText,
  number,
  pagesText,
  plural,
  range,
  type DeviceView,
  type DevresView,
  type JsonList,
  type PageRefView,
  type PagemapView,
  type QueueView,
} from '@devtrail/survey'

/** What printing a device needs besides its view. */
export interface Printing {
  readonly style: Style
  readonly digits: 6 | 9
  readonly eventsAt: ReadonlyMap<number, AnyEvent>
}

const LABEL = 10
const yesNo = (value: boolean | null): string => (value === null ? '?' : value ? 'yes' : 'no')
const label = (p: Printing, name: string, text: string): string => `${p.style.dim(padEnd(name, LABEL))}${text}`
/** Says that a list may hold more than is shown. */
const more = (p: Printing, list: JsonList<unknown>): string[] =>
  list.complete ? [] : [p.style.warn(list.known.length === 0 ? '? not known' : '? and maybe more')]

function when(p: Printing, seq: number): string {
  const event = p.eventsAt.get(seq)
  return event === undefined ? `event ${seq}` : p.style.when(seconds(event.time, p.digits))
}

/** `16 pages 0x109300..0x10930f, count 2, FOLL_GET by pin (135), since 8.342426 (events 40–85)`. */
export function pageRefText(p: Printing, ref: PageRefView): string {
  const order = ref.order !== null && ref.order > 0 ? ` (compound, ${bytes(4096 * 2 ** ref.order)} each)` : ''
  const by = holdersText(ref, visible)
  const since =
    ref.since === null
      ? ''
      : `, since ${when(p, ref.since.first)} (${ref.since.first === ref.since.last ? `event ${ref.since.first}` : `events ${ref.since.first}–${ref.since.last}`})`
  return `${p.style.bold(pagesText(ref))}${order}, count ${count(ref.refcount)}, ${by === '' ? 'taken by ?' : by}${since}`
}

function pageRefs(p: Printing, list: JsonList<PageRefView>): string[] {
  const possible = (list.possible ?? []).map((r) => p.style.warn(`? perhaps ${pageRefText(p, r)}`))
  const known = list.known.map((r) => pageRefText(p, r))
  if (known.length + possible.length === 0 && list.complete) return ['none referenced']
  return [...known, ...possible, ...more(p, list)]
}

function pagemap(p: Printing, m: PagemapView, perhaps = false): Branch {
  const where = m.ranges === null ? 'range ?' : m.ranges.map((r) => range(r.start, r.end)).join(', ')
  const late = m.learntAt === undefined ? '' : p.style.dim(` (range and owner learnt at event ${m.learntAt})`)
  const altmap =
    m.altmap === null
      ? '?'
      : m.altmap === false
        ? 'none'
        : `base pfn ${m.altmap.basePfn}, ${number(m.altmap.reserve)} reserved, ${m.altmap.alloc === null ? '?' : number(m.altmap.alloc)} of ${number(m.altmap.free)} pages allocated`
  const { ref } = m
  return {
    label: label(
      p,
      'pagemap',
      `${perhaps ? p.style.warn('? perhaps ') : ''}${where} ${m.type ?? 'type ?'}, ${p.style.bold(m.state ?? 'state ?')}${late}`,
    ),
    children: [
      { label: label(p, 'struct', m.id ?? '?') },
      { label: label(p, 'altmap', altmap) },
      { label: label(p, 'ref', `${ref.mode ?? 'mode ?'}, count ${count(ref.count)}, dying ${yesNo(ref.dying)}`) },
      { label: label(p, 'pages', pageRefs(p, m.pageRefs).join(`\n${' '.repeat(LABEL)}`)) },
    ],
  }
}

function devres(p: Printing, list: JsonList<DevresView>): Branch[] {
  const one = (d: DevresView, maybe: boolean): Branch => ({
    label: `${maybe ? p.style.warn('? perhaps ') : ''}${d.name ?? '?'}${d.size === null ? '' : ` ${bytes(d.size)}`} ${p.style.dim(d.addedAt === null ? 'added before the recording' : `added at event ${d.addedAt}`)}`,
  })
  const children = [...list.known.map((d) => one(d, false)), ...(list.possible ?? []).map((d) => one(d, true))]
  if (children.length === 0) return [{ label: label(p, 'devres', list.complete ? 'none' : more(p, list).join('')) }]
  return [
    {
      label: label(
        p,
        'devres',
        `${plural(list.known.length, 'resource')}, oldest first${list.complete ? '' : ` ${more(p, list).join('')}`}`,
      ),
      children,
    },
  ]
}

const queue = (p: Printing, q: QueueView): string =>
  `frozen ${count(q.frozen)}, dying ${yesNo(q.dying)}, usage counter ${q.ref.mode ?? 'mode ?'}, count ${count(q.ref.count)} ${p.style.dim(q.id)}`

function head(p: Printing, key: string, v: DeviceView): string {
  const driver =
    v.driver?.state == null
      ? 'driver ?'
      : v.driver.state === 'unbound'
        ? 'unbound'
        : `${v.driver.state} ${v.driver.state === 'bound' ? 'to' : 'by'} ${v.driver.name ?? '?'}`
  const probe =
    v.lastProbe == null || v.lastProbe.outcome === 'bound'
      ? ''
      : `, last probe by ${v.lastProbe.driver ?? '?'}: ${v.lastProbe.outcome} (${v.lastProbe.error ?? 'errno ?'}, event ${v.lastProbe.seq})`
  const gone = v.presence === 'present' ? '' : `, ${p.style.warn(v.presence == null ? 'perhaps gone' : v.presence)}`
  const back = v.comeBackAs === undefined ? '' : `, to come back as ${v.comeBackAs}`
  return `${p.style.bold(p.style.name(key))}  ${v.kind ?? 'kind ?'}, ${driver}${gone}${probe}${back}`
}

/** A device as a tree a person reads; `?` is not known, `≥ 1` a bound. */
export function deviceTree(p: Printing, key: string, v: DeviceView): Branch {
  const regions = v.regions ?? { known: [], complete: true }
  const ns = v.namespace
  return {
    label: head(p, key, v),
    children: [
      ...(ns === undefined
        ? []
        : [
            {
              label: label(
                p,
                'namespace',
                `${ns.mode ?? 'mode ?'}${ns.map === null ? '' : `, map ${ns.map}`}${ns.size === null ? '' : `, ${bytes(ns.size)}`}${ns.region === null ? '' : ` in ${ns.region}`} ${p.style.dim('as ndctl listed it at the start')}`,
              ),
            },
          ]),
      ...devres(p, v.devres ?? { known: [], complete: false }),
      ...regions.known.map((r) => ({ label: label(p, 'region', `${range(r.start, r.end)} ${r.name ?? '<BAD>'}`) })),
      ...(regions.possible ?? []).map((r) => ({
        label: label(p, 'region', p.style.warn(`? perhaps ${range(r.start, r.end)} ${r.name ?? '<BAD>'}`)),
      })),
      ...(regions.complete ? [] : [{ label: label(p, 'region', p.style.warn('? and maybe others')) }]),
      ...(v.pagemaps?.known ?? []).map((m) => pagemap(p, m)),
      ...(v.pagemaps?.possible ?? []).map((m) => pagemap(p, m, true)),
      ...(v.disk == null ? [] : [{ label: label(p, 'disk', `${v.disk.name} ${v.disk.state ?? '?'}`) }]),
      ...(v.queue == null ? [] : [{ label: label(p, 'queue', queue(p, v.queue)) }]),
    ],
  }
}
