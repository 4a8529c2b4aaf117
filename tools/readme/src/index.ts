export { blocksOf, examplesOf, installedBy, linesOf, type Block, type Example } from './blocks.ts'
export { saidIn, SHOW_EXIT, shownIn, wordsOf, type Shown } from './commands.ts'
export { anchorsOf, deadLinks, linksOf } from './links.ts'
export { aligned, renewed } from './shown.ts'
