export { blocksOf, examplesOf, installedBy, linesOf, type Block, type Example } from './blocks.ts'
export { aligned, renewed } from './shown.ts'
