/** The code blocks of a Markdown text. */
export interface Block {
  readonly language: string
  readonly text: string
}

export const blocksOf = (readme: string): Block[] =>
  [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((m) => ({ language: m[1]!, text: m[2]! }))

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)
