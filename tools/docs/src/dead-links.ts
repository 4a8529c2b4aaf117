import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const unescaped = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")

/** Where links and pictures of a page lead. */
const targetsOf = (html: string): string[] => [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map((m) => unescaped(m[1]!))
const idsOf = (html: string): Set<string> => new Set([...html.matchAll(/\s(?:id|name)="([^"]*)"/g)].map((m) => unescaped(m[1]!)))

/** Links within a built site that lead nowhere: `page: link`. */
export function deadLinksIn(site: string): string[] {
  const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
  const ids = new Map<string, Set<string>>()
  const idsAt = (file: string): Set<string> => {
    if (!ids.has(file)) ids.set(file, idsOf(readFileSync(file, 'utf8')))
    return ids.get(file)!
  }
  const dead: string[] = []
  for (const page of pages) {
    const file = join(site, page)
    for (const link of new Set(targetsOf(readFileSync(file, 'utf8')))) {
      // What was meant as a file's name and looked like a host's: no top-level domain is a page of ours.
      if (/^https?:\/\/[^/]*\.md(?:[/?#]|$)/.test(link)) dead.push(`${relative(site, file)}: ${link}`)
      if (/^[a-z]+:/.test(link)) continue
      const [path, anchor] = link.split('#', 2)
      const target = path === '' ? file : resolve(dirname(file), decodeURI(path!.split('?')[0]!))
      const isThere = existsSync(target) && statSync(target).isFile()
      if (!isThere || (anchor && target.endsWith('.html') && !idsAt(target).has(decodeURIComponent(anchor))))
        dead.push(`${relative(site, file)}: ${link}`)
    }
  }
  return dead
}
