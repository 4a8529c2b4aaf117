/** The viewer's page: served with its parts beside it, or packed with a log into one file. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { foldVersion } from '../logs/code-version.ts'

const PARTS = ['viewer.js', 'viewer.css', 'worker.js'] as const
export type PagePart = (typeof PARTS)[number]

/** A part of the page, as the build put it beside `dist`. */
export function partOf(part: PagePart): Promise<string> {
  return readFile(new URL(`../../page/${part}`, import.meta.url), 'utf8')
}

/** What the page is told of the log it shows. */
export interface Handed {
  readonly kind: 'served' | 'packed'
  readonly name: string
  readonly fold: string
  readonly id: string
}

export const handed = (kind: Handed['kind'], name: string, id: string): Handed => ({ kind, name, fold: foldVersion(), id })

/** Text that ends no element, and means the same to JSON. */
const json = (value: unknown): string =>
  JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
/** The same for code: nothing but strings and regular expressions holds these. */
const code = (text: string): string => text.replaceAll(/<(?=\/script|script|!--)/gi, '\\x3c')

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 4h9v3H1zM5 9h10v3H5z' fill='%230a58a6'/%3E%3C/svg%3E"

function head(title: string, policy: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
`
}

/** Nothing but what the page brings along, or its own server. */
export const SERVED_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The page as the server hands it out. */
export function servedPage(of: Handed): string {
  return `${head('devtrail', SERVED_POLICY)}<link rel="stylesheet" href="viewer.css">
</head>
<body>
<div id="devtrail"></div>
<script type="application/json" id="devtrail-page">${json(of)}</script>
<script type="application/json" id="devtrail-bookmarks">[]</script>
<script src="viewer.js"></script>
</body>
</html>
`
}

/** Bytes that are written as base64 at once: whole groups of three. */
const PIECE_BYTES = 3 * (1 << 18)

/** A file of a log. */
export interface PackedFile {
  readonly path: string
  readonly bytes: AsyncIterable<Uint8Array>
}

async function* base64(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let held = Buffer.alloc(0)
  for await (const piece of bytes) {
    held = Buffer.concat([held, piece])
    const whole = held.length - (held.length % 3)
    if (whole < PIECE_BYTES) continue
    yield held.toString('base64', 0, whole)
    held = held.subarray(whole)
  }
  yield held.toString('base64')
}

/** The page with a log in it, as one file that asks for nothing. Paths are those of a log: no character of theirs means anything here. */
export async function* packedPage(of: Handed, files: AsyncIterable<PackedFile>): AsyncGenerator<string> {
  const [script, style, worker] = [code(await partOf('viewer.js')), await partOf('viewer.css'), code(await partOf('worker.js'))]
  const policy = `default-src 'none'; script-src ${hash(script)} blob:; style-src ${hash(style)}; worker-src blob:; img-src data:; base-uri 'none'; form-action 'none'`
  yield `${head('devtrail', policy)}<style>${style}</style>
</head>
<body>
<div id="devtrail"></div>
<script type="application/json" id="devtrail-page">${json(of)}</script>
<script type="application/json" id="devtrail-bookmarks">[]</script>
<script type="text/plain" id="devtrail-worker">${worker}</script>
`
  for await (const { path, bytes } of files) {
    yield `<script type="text/plain" data-log-file="${path}">`
    yield* base64(bytes)
    yield '</script>\n'
  }
  yield `<script>${script}</script>
</body>
</html>
`
}
