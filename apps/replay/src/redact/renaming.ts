/**
 * New names for what a log tells of a machine and its users: the same for the same, another for another, and none that a
 * kernel could have given, so that a new name is never an old one.
 */
import { hex } from '@devtrail/events'
import { isUsualEvent } from '@devtrail/linux-trace'

/** Linux has at most 4194304 pids. */
const PID_FIRST = 5_000_001
/** No canonical address of x86-64 begins so. Pages are renamed; offsets within one stay, for they tie parts of a struct together. */
const PAGE_FIRST = 0xfee0_0000_0000_1n
const PAGE_BITS = 12n
/** Below the first page lies nothing, and in the last one are errnos. */
const isNoPointer = (value: bigint): boolean => value >> PAGE_BITS === 0n || value >= 0xffff_ffff_ffff_f000n

/** Commands that ftrace prints where it knows none. */
const NOBODY: ReadonlySet<string> = new Set(['<idle>', '<...>'])
/** A device file by the kernel's own name of the device. */
const DEVICE_FILE = /^\/dev\/(pmem|dax|nvme|mmcblk|loop|ram|md|dm-|[hsv]d[a-z]|xvd[a-z])[0-9.]*([np][0-9]+)*s?$/
const HEX = /0x[0-9a-f]+/gi
/** Digits from which a number in words of the kernel is taken for a pointer. */
const POINTER_DIGITS = 9
/** As a namespace has one; the kernel names regions after it (`pmem-UUID`). */
export const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi
/** A path can hold blanks and anything else: where one begins, all that follows is of it. */
const ABSOLUTE = /(?<![\w.])\/\S/
/** A file system's type and, behind a dot, what its user calls it (FUSE's subtype). */
const SUBTYPE = /^([^.]+)\.(.+)$/s

class Names<K, V> {
  readonly #names = new Map<K, V>()
  readonly #make: (n: number) => V

  constructor(make: (n: number) => V) {
    this.#make = make
  }

  of(key: K): V {
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const name = this.#make(this.#names.size)
    this.#names.set(key, name)
    return name
  }
}

export class Renaming {
  readonly #pids = new Names<number, number>((n) => PID_FIRST + n)
  readonly #commands = new Names<string, string>((n) => `command-${n + 1}`)
  readonly #pages = new Names<bigint, bigint>((n) => PAGE_FIRST + BigInt(n))
  readonly #paths = new Names<string, string>((n) => `/path-${n + 1}`)
  readonly #identities = new Names<string, string>((n) => `identity-${n + 1}`)
  readonly #texts = new Names<string, string>((n) => `text ${n + 1}, redacted`)
  readonly #events = new Names<string, string>((n) => `event-${n + 1}`)
  readonly #subtypes = new Names<string, string>((n) => `filesystem-${n + 1}`)
  readonly #words = new Names<string, string>((n) => `word-${n + 1}`)

  /** 0 is the idle task of each CPU. */
  pid(pid: number): number {
    return pid === 0 ? pid : this.#pids.of(pid)
  }

  command(comm: string): string {
    return NOBODY.has(comm) ? comm : this.#commands.of(comm)
  }

  address(value: bigint): bigint {
    if (isNoPointer(value)) return value
    return (this.#pages.of(value >> PAGE_BITS) << PAGE_BITS) | (value & ((1n << PAGE_BITS) - 1n))
  }

  /** A hex string; what is none is no pointer. */
  pointer(text: string): string {
    if (!/^0x[0-9a-f]{1,16}$/i.test(text)) return this.words(text)
    const value = BigInt(text)
    return isNoPointer(value) ? text : hex(this.address(value))
  }

  path(path: string): string {
    return path === '/' || DEVICE_FILE.test(path) ? path : this.#paths.of(path)
  }

  identity(id: string): string {
    return this.#identities.of(id.toLowerCase())
  }

  /** Free text, which can hold anything: none of it stays. */
  text(text: string): string {
    return text === '' ? text : this.#texts.of(text)
  }

  /** A trace's event: a probe can be called anything. */
  event(name: string): string {
    return isUsualEvent(name) ? name : this.#events.of(name)
  }

  filesystem(type: string): string {
    return type.replace(SUBTYPE, (_, kind: string, subtype: string) => `${kind}.${this.#subtypes.of(subtype)}`)
  }

  /** A word that is usually one of these. */
  word(word: string, usual: readonly string[]): string {
    return usual.includes(word) ? word : this.#words.of(word)
  }

  /** Names of the kernel: symbols, devices, drivers. Pointers, uuids and absolute paths that stand in them are renamed. */
  words(text: string): string {
    const path = text.search(ABSOLUTE)
    if (path >= 0) return this.words(text.slice(0, path)) + this.path(text.slice(path))
    return text
      .replaceAll(HEX, (number) => (number.length - 2 >= POINTER_DIGITS && number.length <= 18 ? this.pointer(number) : number))
      .replaceAll(UUID, (uuid) => this.identity(uuid))
  }
}
