import { documentEvents, logCatalogue, type Catalogue } from '@devtrail/events'
import { models } from './models.ts'
import type { Page } from './page.ts'

const HEAD = `Every event type there is, as its package declares it: what happened, the kernel function that it mirrors, and each field with its
kind. A model says them live, an import says them of a trace; \`devtrail events LOG --type T\` prints those of a log.
`

/** The catalogue of all events. */
export function eventsPage(): Page {
  const catalogues: readonly Catalogue[] = [logCatalogue, ...models.map(({ catalogue }) => catalogue)]
  const parts = catalogues.map((catalogue) => `## ${catalogue.prefix}\n\n${documentEvents(catalogue)}\n`)
  return { name: 'events', title: 'Events', text: [HEAD, ...parts].join('\n') }
}
