/** What is no text, told by its first bytes: a trace that was packed or saved in a way that is not read here. */
import { isDat } from '../binary/dat-file.ts'

const FORMS: readonly (readonly [magic: readonly number[], what: string])[] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'packed with zstd: unpack it first (unzstd)'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'packed with xz: unpack it first (unxz)'],
  [[0x42, 0x5a, 0x68], 'packed with bzip2: unpack it first (bunzip2)'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive: unpack it first'],
  [[0xff, 0xfe], 'in UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)'],
  [[0xfe, 0xff], 'in UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)'],
]
const GZIP = [0x1f, 0x8b]

/** So many bytes tell. */
export const FOREIGN_BYTES = 16

const begins = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte)

/** What the bytes are that is not read, and what to do; null when nothing says so. */
export const foreignForm = (head: Uint8Array): string | null => FORMS.find(([magic]) => begins(head, magic))?.[1] ?? null

/** The same of what was unpacked with gzip. */
export const foreignWithin = (head: Uint8Array): string | null =>
  begins(head, GZIP) ? 'packed with gzip twice: unpack it once (gunzip)' : foreignForm(head)

/** The same of a trace that is to be read as it grows, which must be text. */
export function notToFollow(head: Uint8Array): string | null {
  if (isDat(head)) return 'a trace.dat, which is whole only at its end: import it without --follow then'
  return begins(head, GZIP) ? 'packed with gzip: import it without --follow' : foreignForm(head)
}
