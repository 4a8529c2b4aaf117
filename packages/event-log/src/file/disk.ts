/**
 * Everything a store asks of a disk, in one place: so that tests can put a disk there that fails, tears and forgets.
 * Writes are whole, reads are full, folders remember their entries only once synced.
 */
import type { Holder } from './holder.ts'

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as Error & { readonly code?: string }).code : undefined
}

export interface DiskFile {
  /** Reads until `into` is full or the file ends; returns how many bytes were read. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Makes content and size durable. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  /** What tells it from all other files that there are, whatever their names. */
  id(): Promise<string>
  close(): Promise<void>
}

/** A look-out that is on until it is closed. */
export interface Watch {
  close(): void
}

export interface Disk {
  open(path: string, flags: 'r' | 'r+' | 'w' | 'wx'): Promise<DiskFile>
  /** Makes one folder. */
  mkdir(path: string): Promise<void>
  /** Makes a new folder whose name starts with `prefix`, open to whom `like` is; to whom any new folder is where that is none. */
  mkdtemp(prefix: string, like: string): Promise<string>
  list(folder: string): Promise<string[]>
  /** Gives a file or folder another name; a file of that name is replaced. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a folder with all in it; nothing is there to remove is fine. */
  remove(path: string): Promise<void>
  stat(path: string): Promise<{ readonly isFolder: boolean; readonly size: number; readonly id: string }>
  /** Calls `look` when something in a folder may have changed, late by `pollMs` at most; also when nothing did. */
  watch(folder: string, pollMs: number, look: () => void): Watch
  /** Makes new, changed and removed names in a folder durable. */
  syncFolder(folder: string): Promise<void>
  /** 8 bytes that no other log has. */
  newId(): Uint8Array
  /** Who writes, for locks. */
  self(): Promise<Holder>
  isDead(holder: Holder, me: Holder): Promise<boolean>
}
