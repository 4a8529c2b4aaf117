/** The page begins here: it reads what it was handed out with, starts the worker and draws. */
import { render } from 'preact'
import type { LogPlace } from '../protocol.ts'
import { App } from './App.tsx'
import { BookmarkStore } from './bookmarks.ts'
import { packedFiles } from './packed-files.ts'
import './base.css'
import '../timeline/timeline.css'
import '../panels/panels.css'
import '../panels/state.css'
import '../panels/detail.css'
import '../panels/help.css'
import { WorkerClient } from './worker-client.ts'

/** What the page was handed out with. */
interface Handed {
  readonly kind: 'served' | 'packed'
  readonly name: string
  readonly fold: string
  /** Tells the log from others. */
  readonly id: string
}

const textOf = (id: string): string => document.getElementById(id)?.textContent ?? ''

const handed = JSON.parse(textOf('devtrail-page')) as Handed
document.title = `${handed.name} – devtrail`
// Before anything is drawn.
const bookmarks = new BookmarkStore(handed.id, handed.kind === 'packed')

function workerUrl(): string {
  if (handed.kind === 'served') return 'worker.js'
  return URL.createObjectURL(new Blob([textOf('devtrail-worker')], { type: 'text/javascript' }))
}

const place: LogPlace =
  handed.kind === 'served' ? { kind: 'served', base: new URL('log/', location.href).href } : { kind: 'packed', files: packedFiles() }

const client = new WorkerClient(new Worker(workerUrl()))
render(
  <App client={client} place={place} fold={handed.fold} name={handed.name} bookmarks={bookmarks} />,
  document.getElementById('devtrail')!,
)
