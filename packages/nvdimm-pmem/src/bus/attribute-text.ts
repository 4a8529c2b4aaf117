/** How the nvdimm bus reads what is written to an attribute. */
import { errno } from '@devtrail/events'
import { isUuid } from '../media/uuid.ts'

/** `kstrtoul(buf, 0)`: decimal, 0x hexadecimal or 0 octal; null for what is no number. */
export function numberIn(text: string): number | null {
  const digits = text.trim()
  if (/^0x[0-9a-f]+$/i.test(digits)) return Number.parseInt(digits, 16)
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8)
  return /^\d+$/.test(digits) ? Number.parseInt(digits, 10) : null
}

/** One of the sizes that are offered (`nd_size_select_store`); -EINVAL for another. */
export function sizeIn(text: string, offered: readonly number[]): number {
  const size = numberIn(text)
  return size !== null && offered.includes(size) ? size : errno.EINVAL
}

/** All that are offered, the one in use in brackets (`nd_size_select_show`). */
export const sizesText = (current: number, offered: readonly number[]): string =>
  offered.map((size) => (size === current ? `[${size}]` : `${size}`)).join(' ')

/** A uuid in lower case; null for what is none. */
export const uuidIn = (text: string): string | null => (isUuid(text.trim()) ? text.trim().toLowerCase() : null)

/** `strtobool`: null for what is neither. */
export function boolIn(text: string): boolean | null {
  if (/^[yY1]/.test(text)) return true
  return /^[nN0]/.test(text) ? false : null
}

/**
 * Which of some words is written, as `mode` of a pfn device compares them: `strncmp` over all but the newline, so a word is known by its
 * beginning, the first in order, and an empty line is the first one.
 */
export function wordByBeginning<T extends string>(text: string, words: readonly T[]): T | null {
  const written = text.replace(/\n$/, '')
  return words.find((word) => `${word}\n`.startsWith(written)) ?? null
}
