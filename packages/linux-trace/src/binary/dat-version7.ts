/** Version 7: sections that options lead to, which may be packed. */
import type { CpuData } from './dat-file.ts'
import { CPUS_MAX, mustBePageSize, option, OPTIONS_MAX, type DatParts } from './dat-parts.ts'
import { damaged, type Cursor } from './source.ts'

const BUFFERS_MAX = 1024
/** Options that say where a section lies. */
const section = { header: 16, ftrace: 17, events: 18, kallsyms: 19, printk: 20, cmdlines: 21 } as const

export async function readVersion7(reader: DatParts, head: Cursor, pageBytes: number): Promise<void> {
  reader.algorithm = head.string()
  head.string()
  const places: { id: number; offset: number }[] = []
  const buffers: { c: Cursor; at: number }[] = []
  const seen = new Set<number>()
  let options = 0
  for (let offset = head.u64(); offset !== 0;) {
    if (seen.has(offset)) throw damaged(offset, 'a section of options follows itself')
    seen.add(offset)
    const c = await reader.section(offset)
    let next = 0
    while (c.left >= 6) {
      if (++options > OPTIONS_MAX) throw damaged(offset, `more than ${OPTIONS_MAX} options`)
      const id = c.u16()
      const bytes = c.take(c.u32())
      const value = reader.cursor(bytes, offset, `option ${id}`)
      if (id === option.done) {
        next = bytes.length >= 8 ? value.u64() : 0
        break
      }
      if (id === option.buffer) buffers.push({ c: value, at: offset })
      else if (id >= section.header && id <= section.cmdlines) places.push({ id, offset: value.u64() })
      else reader.option(id, bytes)
    }
    offset = next
  }
  if (buffers.length > BUFFERS_MAX) throw damaged(0, `more than ${BUFFERS_MAX} buffers`)
  for (const { id, offset } of places) {
    const c = await reader.section(offset)
    if (id === section.header) reader.headers(c)
    else if (id === section.ftrace) reader.ftrace(c)
    else if (id === section.events) reader.events(c)
    else if (id === section.kallsyms) reader.kallsyms = c.take(c.u32())
    else if (id === section.printk) reader.printk(c.take(c.u32()))
    else reader.cmdlines(c.take(c.u64()))
  }
  for (const { c } of buffers) await readBuffer7(reader, c, pageBytes)
}

/** A buffer as version 7 lists it; later releases give the size of its pages too. */
async function readBuffer7(reader: DatParts, c: Cursor, filePageBytes: number): Promise<void> {
  const offset = c.u64()
  const name = c.string()
  const clock = c.string()
  const rest = c.left
  let count = c.u32()
  let pageBytes = filePageBytes
  if (rest !== 4 + count * 20) {
    pageBytes = count
    mustBePageSize(pageBytes, offset)
    count = c.u32()
  }
  if (count > CPUS_MAX) throw damaged(offset, `a buffer of ${count} CPUs`)
  const head = reader.cursor(await reader.bytes(offset, 4, 'a buffer'), offset, 'a buffer')
  head.u16()
  const isCompressed = (head.u16() & 1) !== 0
  const cpus: CpuData[] = []
  const seen = new Set<number>()
  for (let i = 0; i < count; i++) {
    const cpu = c.u32()
    if (cpu >= CPUS_MAX || seen.has(cpu)) throw damaged(offset, `CPU ${cpu} in the list of a buffer's CPUs`)
    seen.add(cpu)
    cpus.push(reader.cpuData(c, cpu))
  }
  reader.buffers.push({ name, clock: clock === '' ? null : clock, pageBytes, cpus, isCompressed })
}
