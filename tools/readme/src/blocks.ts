/** The code blocks of a Markdown text. */
export interface Block {
  readonly language: string
  readonly text: string
}

export const blocksOf = (readme: string): Block[] =>
  [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((m) => ({ language: m[1]!, text: m[2]! }))

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

/** A program of a README, and what it says that it prints. */
export interface Example {
  readonly code: string
  readonly output: string
}

/** Each ```ts block with the ```text block below it. */
export const examplesOf = (blocks: readonly Block[]): Example[] =>
  blocks.flatMap(({ language, text }, i) => (language === 'ts' ? [{ code: text, output: blocks[i + 1]?.text ?? '' }] : []))

/** The packages that the install line, a README's first block, names. */
export const installedBy = (blocks: readonly Block[]): string[] =>
  [...(blocks[0]?.text ?? '').matchAll(/@devtrail\/[\w-]+/g)].map(([name]) => name)
