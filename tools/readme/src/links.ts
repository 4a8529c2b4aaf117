import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Text without what is code. */
const prose = (markdown: string): string => markdown.replaceAll(/^(```|~~~).*\n[\s\S]*?^\1$/gm, '').replaceAll(/`[^`\n]*`/g, '``')

/** Where the links and pictures of a text lead. */
export const linksOf = (markdown: string): string[] =>
  [...prose(markdown).matchAll(/\]\(([^)\s]+)[^)]*\)|<(?:img|a)\s[^>]*?(?:src|href)="([^"]+)"/g)].map((m) => m[1] ?? m[2]!)

/** The anchors that GitHub gives the headings of a text. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>()
  const seen = new Map<string, number>()
  for (const [, heading] of markdown.replaceAll(/^(```|~~~).*\n[\s\S]*?^\1$/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '')
    const slug = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    const n = seen.get(slug) ?? 0
    seen.set(slug, n + 1)
    anchors.add(n === 0 ? slug : `${slug}-${n}`)
  }
  return anchors
}

/** Why a link of a file leads nowhere; null when it leads somewhere, or out into the world. */
function faultOf(file: string, link: string, root: string): string | null {
  if (/^(https?|mailto):/.test(link)) return null
  const [path, anchor] = link.split('#', 2)
  const target = path === '' ? file : resolve(dirname(file), decodeURI(path!))
  if (!target.startsWith(root)) return 'leads out of the repository'
  if (!existsSync(target)) return 'there is nothing'
  if (anchor === undefined) return null
  const page = statSync(target).isDirectory() ? join(target, 'README.md') : target
  return anchorsOf(readFileSync(page, 'utf8')).has(anchor) ? null : 'there is no such heading'
}

/** The links of a Markdown file that lead nowhere, each with why. */
export const deadLinks = (file: string, root: string): string[] =>
  linksOf(readFileSync(file, 'utf8')).flatMap((link) => {
    const fault = faultOf(file, link, root)
    return fault === null ? [] : [`${link}: ${fault}`]
  })
