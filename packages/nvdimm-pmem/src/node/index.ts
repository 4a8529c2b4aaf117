/** `@devtrail/nvdimm-pmem/node`: media that are files. */
export { FileMedium } from './file-medium.ts'
export type { FileMediumOptions } from './file-medium.ts'
export { ImageInUseError, writerOf } from './write-lock.ts'
export type { ImageWriter } from './write-lock.ts'
