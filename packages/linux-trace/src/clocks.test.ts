import { expect, it } from 'vitest'
import { clockInUse, isCounting } from './clocks.ts'
import { imported, on } from './import/trace.test-support.ts'

const sh = on('sh-1')
/** The same entry with another time. */
const at = (time: string, body: string) => () => sh(body)(time)

it('the clock in use is the one in brackets', () => {
  expect(['local global [mono] boot', 'local [x86-tsc]\n', 'mono', '[]'].map(clockInUse)).toEqual(['mono', 'x86-tsc', null, null])
})

it('a clock counts where the kernel prints it without a point', () => {
  const clocks = ['local', 'global', 'counter', 'uptime', 'perf', 'mono', 'mono_raw', 'boot', 'tai', 'x86-tsc']
  expect(clocks.filter(isCounting)).toEqual(['counter', 'uptime', 'x86-tsc'])
})

it('a clock that counts gives ticks, in order, and says so', async () => {
  const header = '# entries-in-buffer/entries-written: 3/3   #P:1'
  const steps = [at('12', 'tracing_mark_write: a'), at('15', 'tracing_mark_write: b'), at('15', 'tracing_mark_write: c')]
  const { events, summary } = await imported(steps, { header, traceClock: 'local [counter]' })
  expect(events.filter(({ type }) => type === 'kernel/marked').map(({ time }) => time)).toEqual([12, 15, 15])
  expect(summary).toMatchObject({ clock: 'counter', unparsed: 0, complete: true })
  expect(summary.notes).toContainEqual(expect.stringContaining('the clock counter counts ticks, not time'))
})

it('a trace has one clock: a time of another form is a damaged line', async () => {
  const header = '# entries-in-buffer/entries-written: 2/2   #P:1'
  const { summary } = await imported([at('1.000001', 'devres_log: a'), at('1000002', 'devres_log: b')], { header })
  expect(summary).toMatchObject({ entries: 1, unparsed: 1, complete: false })
})

it('a clock of the day is read to its end', async () => {
  const header = '# entries-in-buffer/entries-written: 1/1   #P:1'
  const { events, summary } = await imported([at('1795420800.123456', 'tracing_mark_write: a')], { header, traceClock: '[tai]' })
  expect(events.find(({ type }) => type === 'kernel/marked')!.time).toBe(420_800_123_456_000)
  expect(summary.notes).toContainEqual(expect.stringContaining('times are counted from 1795000000 s of it on'))
})

it('what the kernel still said on a machine that is up for months is told at its time', async () => {
  const header = '# entries-in-buffer/entries-written: 1/1   #P:1'
  const dmesg = '[9007207.000000] before\n[9007209.500000] BUG: unable to handle page fault for address: ffffea0000000034\n'
  const told = await imported([at('9007208.000001', 'tracing_mark_write: a')], { header, dmesg })
  expect(told.all('kernel/warned').map(({ time }) => time)).toEqual([7_209_500_000_000])
})

it("a clock that is each CPU's own is said to be", async () => {
  const { summary } = await imported([sh('tracing_mark_write: a')], { traceClock: '[local] global mono' })
  expect(summary.notes).toContainEqual(expect.stringContaining("clock local is each CPU's own"))
})

it('after ticks, only what stands behind a line that both have is taken from dmesg', async () => {
  const header = '# entries-in-buffer/entries-written: 1/1   #P:1'
  const dmesg =
    '[    5.000000] before\n[    6.000000] known\n[    7.000000] BUG: unable to handle page fault for address: ffffea0000000034\n'
  const told = await imported([at('77', 'console: known')], { header, dmesg, traceClock: '[counter]' })
  expect(told.all('kernel/warned').map(({ time }) => time)).toEqual([77])
  const without = await imported([at('77', 'tracing_mark_write: x')], { header, dmesg, traceClock: '[counter]' })
  expect(without.all('kernel/warned')).toEqual([])
})
