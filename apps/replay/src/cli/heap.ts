import { setFlagsFromString } from 'node:v8'

/** Commands that read a log a block at a time: what they make is garbage a moment later. */
const READING: ReadonlySet<string> = new Set([
  'devices',
  'events',
  'state',
  'iomem',
  'diff',
  'blame',
  'why',
  'bisect',
  'refs',
  'stuck',
  'check',
  'debug',
])

/**
 * Keeps the part of the heap for new objects as small as it begins. Left alone it grows with the speed at which garbage is made, to
 * some hundred MiB more than a log of any length needs; small it stays in the processor's cache, and is as fast. What is taken for old
 * then is mostly garbage, too: it is looked through when it has become half as much again, not four times as much.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=50')
}

export const readsOnly = (command: string): boolean => READING.has(command)
