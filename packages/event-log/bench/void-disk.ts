/** A disk that keeps nothing and costs nothing: a writer on it does all its work but the I/O. */
import type { Disk, DiskFile } from '../src/file/disk.ts'

const file: DiskFile = {
  read: async () => 0,
  write: async () => {},
  sync: async () => {},
  truncate: async () => {},
  size: async () => 0,
  id: async () => 'void',
  close: async () => {},
}

const holder = { pid: 1, start: '1', boot: '1', namespace: '1', host: 'void' }

export const voidDisk: Disk = {
  open: async () => file,
  mkdir: async () => {},
  mkdtemp: async (prefix) => `${prefix}void`,
  list: async () => [],
  rename: async () => {},
  remove: async () => {},
  stat: async () => ({ isFolder: true, size: 0, id: 'void' }),
  watch: () => ({ close: () => {} }),
  syncFolder: async () => {},
  newId: () => new Uint8Array(8).fill(7),
  self: async () => holder,
  isDead: async () => false,
}
