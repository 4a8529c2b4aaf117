/** The names in a log folder. FORMAT.md describes them. */
export const META_FILE = 'log.json'
export const SEGMENTS_FOLDER = 'segments'
export const ATTACHMENTS_FILE = 'attachments.json'
export const ATTACHMENTS_FOLDER = 'attachments'
export const KEYFRAMES_FOLDER = 'keyframes'
export const LOCK_FOLDER = 'lock'

/** A path below a folder. Names in a log never climb. */
export function join(folder: string, ...names: readonly string[]): string {
  return [folder, ...names].join('/')
}

/** `00000001.seg`, `00000002.seg`, … */
export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.seg`
}

/** The number of a segment's file name; null for other names. */
export function segmentNumber(name: string): number | null {
  const m = /^(\d{8})\.seg$/.exec(name)
  return m === null || Number(m[1]) === 0 ? null : Number(m[1])
}

/** `000000065536.kf`: the `seq` of a keyframe, with at least 12 digits. */
export function keyframeName(seq: number): string {
  return `${String(seq).padStart(12, '0')}.kf`
}

/** The `seq` of a keyframe's file name; null for other names. */
export function keyframeSeq(name: string): number | null {
  const seq = Number(/^(\d{12,16})\.kf$/.exec(name)?.[1] ?? 0)
  return seq > 0 && Number.isSafeInteger(seq) && keyframeName(seq) === name ? seq : null
}
