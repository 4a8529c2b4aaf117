/**
 * What a recording and its simulated twin tell alike. Both are told as lines: type, device, and the fields that a model can know, in
 * their order. What is left out is named here, with the reason.
 */
import type { AnyEvent } from '@devtrail/events'
import { dataToJson, Facts } from '@devtrail/events'
import { deviceOf } from '@devtrail/time-travel'
import { vocabulary } from '@devtrail/survey'

/** Said by models alone: no probe of the recordings shows it. */
const NEVER_RECORDED: readonly RegExp[] = [
  // percpu_ref_* cannot be probed; a recording shows releases of pagemaps and queues by callbacks of their own.
  /^percpu-ref\//,
  // What becomes of a queue between freezing it and its end is not probed.
  /^nvdimm-pmem\/queue-(allocated|dying|put|usage-exited|cleanup-.*|enter-.*|unfrozen)$/,
  // Inside of memremap_pages and of arch_add_memory, and what is written into struct pages.
  /^memremap\/(registered|erased|ref-sampled|ref-exited|memtype-.*|sections-.*|altmap-.*|struct-page-read|memory-remove-ended|record-freed)$/,
  // memremap itself; the recordings have devm_memremap around it.
  /^memremap\/(memremapped|memunmapped|range-released)$/,
  // Page faults, and the steps of a walk between look-ups and grabs.
  /^memremap\/(fault-.*|gup-.*|entry-.*|references-handed|zapped|blocks-freed|mapping-unmapped)$/,
  // The bus between its probes, what the driver took over, and what is on the media.
  /^nvdimm-pmem\/(address-set|attribute-stored|namespace-(un)?claimed|seed-advanced|superblock-written|warned)$/,
  /^nvdimm-pmem\/(bio-.*|bvec-done|poison-cleared|btt-(?!attach|detach).*|stored|flushed|fenced)$/,
  // Steps of the driver core between probes.
  /^devres\/binding-step-taken$/,
  // Registering and unregistering are not probed.
  /^devres\/device-(added|removed)$/,
  // How the recording ended.
  /^log\//,
  // A recording infers these, from what follows.
  /^devres\/remove-started$/,
  /-found$|-identified$/,
]

/** Said by recordings alone. */
const NEVER_SIMULATED: readonly RegExp[] = [
  // Words of the shell that recorded, and of the kernel's console.
  /^kernel\//,
  // What a recording that begins in the middle of a life has to say first, and what is filled back.
  /-found$|-identified$/,
  // A driver that requests a range is seen to begin; the model says only what became of it.
  /^resource-tree\/request-started$/,
  // A second look at the count of a page that is being put: of a pipe buffer.
  /^memremap\/sampled$/,
  /^log\//,
  // Inferred, from what follows.
  /^devres\/remove-started$/,
]

/** Beside pointers: fields that only one of both can know, by type. */
const UNKNOWABLE: { readonly [type: string]: readonly string[] } = {
  // Printed as whatever the function returned.
  'memremap/grabbed': ['result'],
  // Which of two functions took the reference.
  'memremap/grab-started': ['folio'],
  // The kernel makes neighbouring pages one vector of a bio, the model does not.
  'memremap/bio-released': ['vectors', 'len0', 'len1', 'len2'],
  // The count of a percpu reference in the words of struct percpu_ref.
  'memremap/unmap-started': ['percpuCountPtr', 'refCount'],
}

/** Kinds of fields that are identities, which differ from run to run. */
const IDENTITIES: ReadonlySet<string> = new Set(['pointer', 'pagemap', 'region', 'node', 'device'])

/** Devices that no model makes, or whose probes were not recorded: a disk's own, regions and what is below them. */
const isLeftOut = (name: string): boolean => /^(\d+:\d+|pmem\d.*|region\d+|nmem\d+)$/.test(name)

type Fields = { readonly [field: string]: unknown }

export interface Teller {
  readonly type: string
  readonly seq: number
  readonly device: string | null
  readonly fields: Fields
}

export interface Side {
  readonly side: 'recorded' | 'simulated'
  /** The first event that counts; 1 unless given. */
  readonly from?: number
  /** Where the owner of a pagemap was not recorded: the device that claims a namespace goes by that one's name. */
  readonly byNamespace?: boolean
  /** Device after device, each in its order. */
  readonly byDevice?: boolean
}

/** The events of one side that the other could tell as well. */
export function telling(events: readonly AnyEvent[], side: Side): Teller[] {
  const told = tellingInOrder(events, side)
  if (side.byDevice !== true) return told
  // Whose page is looked up is not known before it was found.
  const owners = told.map((line) => (line.type === 'memremap/lookup-started' ? { ...line, device: null } : line))
  return owners.toSorted((a, b) => ((a.device ?? '') < (b.device ?? '') ? -1 : Number(a.device !== b.device)))
}

function tellingInOrder(events: readonly AnyEvent[], { side, from = 1, byNamespace = false }: Side): Teller[] {
  const facts = new Facts(vocabulary)
  for (const event of events) facts.learn(event)
  const nameOf = (id: number | null): string | null => {
    const name = id === null ? null : facts.value<string>('device', id, 'name')
    return byNamespace && name !== null ? name.replace(/^pfn/, 'namespace') : name
  }
  const passing = new PassingDevices()
  const leftOut = side === 'recorded' ? NEVER_SIMULATED : NEVER_RECORDED
  return events.flatMap((event, n) => {
    const { type, seq } = event
    if (seq < from || leftOut.some((pattern) => pattern.test(type)) || isInferred(event)) return []
    const declaration = vocabulary.get(type)
    // Ordinary memory: other pages than those of devices.
    if (type.startsWith('memremap/') && 'pfn' in event.data && !isDevicePage(event)) return []
    const device = nameOf(deviceOf(event, vocabulary, facts))
    if (device !== null && isLeftOut(device)) return []
    if (isOfPinctrl(event) || passing.isOf(event) || isOfOrdinaryMemory(event, n, events) || isOfOtherTree(event)) return []
    const unknowable = UNKNOWABLE[type] ?? []
    const json = dataToJson(vocabulary, type, event.data, 9)
    const fields = Object.fromEntries(
      Object.entries(json).filter(
        ([field]) =>
          declaration.fields[field] !== undefined && !IDENTITIES.has(declaration.fields[field].kind) && !unknowable.includes(field),
      ),
    )
    return [{ type, seq, device, fields }]
  })
}

/** pinctrl_bind_pins, between the start of a probe and the driver's own: what it puts on the list it takes off again. */
const isOfPinctrl = ({ type, data }: AnyEvent): boolean =>
  /^devres\/(added|removed)$/.test(type) && (data['release'] === 'devm_pinctrl_release' || data['size'] === 40)

/** Devices that are there while a probe looks for info blocks, and then are not: what is said of their lists. */
class PassingDevices {
  readonly #seqs = new Set<number>()

  isOf({ type, seq, cause }: AnyEvent): boolean {
    const isOf = type.startsWith('devres/release-all') && cause.some((c) => this.#seqs.has(c))
    if (isOf || type === 'nvdimm-pmem/autodetect-started') this.#seqs.add(seq)
    return isOf
  }
}

/** The end of a bio whose pages are none of a device: no put of one follows. */
const isOfOrdinaryMemory = ({ type, seq }: AnyEvent, n: number, events: readonly AnyEvent[]): boolean =>
  type === 'memremap/bio-released' && !(events[n + 1]?.cause.includes(seq) === true && isDevicePage(events[n + 1]!))

/** DIMMs have trees of their own, which no model makes. */
const isOfOtherTree = ({ type, data }: AnyEvent): boolean => type.startsWith('resource-tree/') && String(data['root']).startsWith('0x')

const isInferred = (event: AnyEvent): boolean => (event as { readonly inferred?: boolean }).inferred === true

/** Within the ranges where the recordings have their devices: from 4 to 6 GiB. */
const isDevicePage = ({ data }: AnyEvent): boolean => {
  const pfn = data['pfn']
  return typeof pfn !== 'number' || (pfn >= 0x100000 && pfn <= 0x17ffff)
}

/** A line of each, in which fields that one of them does not tell (null) are left out of both. */
export function alike(recorded: readonly Teller[], simulated: readonly Teller[]): [string[], string[]] {
  const line = (mine: Teller, other: Teller | undefined): string => {
    const told = Object.entries(mine.fields).filter(
      ([field, value]) => value !== null && (other?.type !== mine.type || (other.fields[field] ?? null) !== null),
    )
    const device = other === undefined || other.device !== null ? mine.device : null
    return `${mine.type} ${device ?? '-'} ${JSON.stringify(Object.fromEntries(told))}`
  }
  return [recorded.map((told, n) => line(told, simulated[n])), simulated.map((told, n) => line(told, recorded[n]))]
}
