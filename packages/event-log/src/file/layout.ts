/** The names in a log folder. FORMAT.md describes them. */
export const META_FILE = 'log.json'
export const SEGMENTS_FOLDER = 'segments'
export const ATTACHMENTS_FILE = 'attachments.json'
export const ATTACHMENTS_FOLDER = 'attachments'
export const LOCK_FOLDER = 'lock'

/** `00000001.seg`, `00000002.seg`, … */
export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.seg`
}

/** The number of a segment's file name; null for other names. */
export function segmentNumber(name: string): number | null {
  const m = /^(\d{8})\.seg$/.exec(name)
  return m === null || Number(m[1]) === 0 ? null : Number(m[1])
}
