import { declareEvents, type EventOf, type Payload } from '@devtrail/events'
import { faultEvents } from './fault/fault-events.ts'
import { gupEvents } from './gup/gup-events.ts'
import { pageEvents } from './page/page-events.ts'
import { pagemapEvents } from './pagemap/pagemap-events.ts'

export { faultResults } from './fault/fault-events.ts'
export { holderKinds, walkOutcomes } from './gup/gup-events.ts'
export { putHow } from './page/page-events.ts'

/** The vocabulary of pagemaps, struct pages and the references to them (mm/memremap.c, mm/gup.c, fs/dax.c). */
export const memremapCatalogue = declareEvents('memremap', { ...pagemapEvents, ...pageEvents, ...faultEvents, ...gupEvents })

export type MemremapPayload = Payload<typeof memremapCatalogue>
export type MemremapEvent = EventOf<MemremapPayload>
