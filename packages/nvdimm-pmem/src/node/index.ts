/** `@devtrail/nvdimm-pmem/node`: media that are files. */
export { FileMedium } from './file-medium.ts'
export type { FileMediumOptions } from './file-medium.ts'
