const MADE = /<!-- made: ([a-z]+) -->([^<]*)<!-- -->/g
const RELATIVE = /\]\((?![a-z]+:|#)/g

/**
 * The first page, as it is read elsewhere, with links to the pages that there are on the site only.
 * @param up - from the folder of the made pages to that of the page
 */
export function indexPage(page: string, up: string): string {
  return page.replaceAll(RELATIVE, `](${up}/`).replaceAll(MADE, (_, name: string, text: string) => `[${text}](${name}.md)`)
}
