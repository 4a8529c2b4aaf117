/** What the kernel says of itself: its console lines, and the reports among them. */
import type { TraceEntry } from '../text/entry.ts'
import type { ImportContext } from './context.ts'

interface Report {
  readonly kind: 'warning' | 'bug' | 'oops' | 'hung-task' | 'panic'
  readonly at: string | null
  readonly symbol: string | null
  readonly pid: number | null
  readonly comm: string | null
  readonly address: string | null
}

/** Lines of a report that follow its head are looked at for registers, at most so many. */
const REPORT_LINES_MAX = 120

const HEADS: readonly (readonly [RegExp, (m: RegExpExecArray) => Partial<Report> & { kind: Report['kind'] }])[] = [
  [
    /^WARNING: CPU: \d+ PID: (\d+) at (\S+:\d+)(?: ([\w.]+)\+0x)?/,
    (m) => ({ kind: 'warning', pid: Number(m[1]), at: m[2]!, symbol: m[3] ?? null }),
  ],
  [
    /^WARNING: (\S+:\d+) at ([\w.]+)\+0x[^,]*(?:, CPU#\d+: (.+)\/(\d+))?/,
    (m) => ({ kind: 'warning', at: m[1]!, symbol: m[2]!, comm: m[3] ?? null, pid: m[4] ? Number(m[4]) : null }),
  ],
  [
    /^BUG: unable to handle .* (?:at|address:) (?:0x)?([0-9a-f]{8,16})/,
    (m) => ({ kind: 'oops', address: `0x${BigInt(`0x${m[1]}`).toString(16)}` }),
  ],
  [
    /^BUG: kernel NULL pointer dereference, address: (?:0x)?([0-9a-f]+)/,
    (m) => ({ kind: 'oops', address: `0x${BigInt(`0x${m[1]}`).toString(16)}` }),
  ],
  [/^kernel BUG at (\S+:\d+)/, (m) => ({ kind: 'bug', at: m[1]! })],
  // Before 4.20 an address that is NULL is printed as such.
  [/^BUG: unable to handle /, () => ({ kind: 'oops' })],
  [/^(?:Oops: )?general protection fault/, () => ({ kind: 'oops' })],
  [/^(?:watchdog: )?BUG: /, () => ({ kind: 'bug' })],
  [/^INFO: task (.+):(\d+) blocked for more than/, (m) => ({ kind: 'hung-task', comm: m[1]!, pid: Number(m[2]) })],
  [/^Kernel panic/, () => ({ kind: 'panic' })],
]

function headOf(text: string): Report | null {
  for (const [re, read] of HEADS) {
    const m = re.exec(text)
    if (m !== null) return { at: null, symbol: null, pid: null, comm: null, address: null, ...read(m) }
  }
  return null
}

/** What the lines after a head add: the function, the task, the pages that registers point to. */
function complete(ctx: ImportContext, report: Report, following: Iterable<string>): Report & { pfn: number | null } {
  let { symbol, pid, comm } = report
  const pointers = report.address === null ? [] : [report.address]
  let lines = 0
  for (const text of following) {
    if (++lines > REPORT_LINES_MAX || text.startsWith('---[ end trace')) break
    symbol ??= /^RIP: 0010:([\w.]+)\+/.exec(text)?.[1] ?? null
    const task = /PID: (\d+) Comm: (.+?) (?:Not tainted|Tainted)/.exec(text)
    if (task !== null) {
      pid ??= Number(task[1])
      comm ??= task[2]!
    }
    for (const [, value] of text.matchAll(/\b[A-Z][A-Z0-9]{1,2}: ([0-9a-f]{16})\b/g)) pointers.push(`0x${value}`)
  }
  return { ...report, symbol, pid, comm, pfn: devicePage(ctx, pointers) }
}

/** The first of the pointers that points into the struct page of a pagemap's page. */
function devicePage(ctx: ImportContext, pointers: readonly string[]): number | null {
  for (const p of pointers) {
    const pfn = ctx.memmap.pfnOf(p)
    if (pfn === null) continue
    for (const m of ctx.memremap.pagemaps.values()) {
      const within = m.start !== null && m.end !== null && pfn >= Number(m.start >> 12n) && pfn <= Number(m.end >> 12n)
      if (within || m.pages.has(pfn)) return pfn
    }
  }
  return null
}

/** Says a console line, and the report it opens. `following`: the lines after it. */
export function consoleLine(ctx: ImportContext, text: string, following: () => Iterable<string>): void {
  const seq = ctx.say('kernel/console', { text })
  const head = headOf(text)
  if (head === null) return
  const { kind, at, symbol, pid, comm, address, pfn } = complete(ctx, head, following())
  ctx.say('kernel/warned', { kind, text, at, symbol, pid, comm, address, pfn }, { cause: [seq] })
}

/** Console lines still to come in the trace, from the CPU that is printing. */
export function* consoleAhead(ctx: ImportContext): Generator<string> {
  const { cpu } = ctx.entry
  for (const e of ctx.window.ahead()) if (e.event === 'console' && e.cpu === cpu) yield consoleText(e)
}

/** The text of a console entry, without the space the format puts before it. */
export const consoleText = (entry: TraceEntry): string => entry.body
