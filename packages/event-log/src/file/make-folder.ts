import { dirname } from 'node:path'
import { errorCode, type Disk } from './disk.ts'

/** Makes a folder and those above it, durably. */
export async function makeFolder(disk: Disk, folder: string): Promise<void> {
  try {
    if ((await disk.stat(folder)).isFolder) return
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    await makeFolder(disk, dirname(folder))
  }
  await disk.mkdir(folder).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  await disk.syncFolder(dirname(folder))
}
