/** /proc/mounts as it was when the recording began. */
export interface MountLine {
  readonly source: string
  readonly target: string
  readonly fstype: string
  readonly dax: boolean
}

/** /proc/mounts escapes blanks and backslashes as three octal digits. */
const unescape = (s: string): string => s.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))

/** Reads /proc/mounts; lines with too few columns are left out. */
export function parseMounts(text: string): MountLine[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [source, target, fstype, options] = line.split(' ')
    if (!source || !target || !fstype) return []
    const dax = (options ?? '').split(',').some((o) => o === 'dax' || o === 'dax=always' || o === 'dax=inode')
    return [{ source: unescape(source), target: unescape(target), fstype, dax }]
  })
}
