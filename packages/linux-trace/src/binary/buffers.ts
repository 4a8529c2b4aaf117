/** The buffers of a trace.dat: the kernel's own, and those of its instances. */
import type { DatBuffer } from './dat-file.ts'

export const nameOf = (name: string): string => (name === '' ? 'of the top' : JSON.stringify(name))

const bytesOf = ({ cpus }: DatBuffer): number => cpus.reduce((sum, { size }) => sum + size, 0)

export const withData = (buffers: readonly DatBuffer[]): DatBuffer[] => buffers.filter((buffer) => bytesOf(buffer) > 0)

const total = (buffers: readonly DatBuffer[]): number => buffers.reduce((sum, buffer) => sum + bytesOf(buffer), 0)

/** Those whose records can be put in one order, for they have one clock: of several clocks the one of which there is most. */
export function mergeable(buffers: readonly DatBuffer[], fileClock: string | null): readonly DatBuffer[] {
  const byClock = Map.groupBy(withData(buffers), ({ clock }) => clock ?? fileClock)
  const [most] = [...byClock.values()].toSorted((a, b) => total(b) - total(a))
  return most ?? []
}
