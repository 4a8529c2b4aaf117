import { declareEvents, f, type EventOf, type Payload } from '@devtrail/events'

/** What a kernel says of itself, and what the recording's maker wrote into it. */
export const kernelCatalogue = declareEvents('kernel', {
  console: {
    version: 1,
    doc: 'The kernel printed a line.',
    kernel: 'printk',
    fields: { text: f.text('the line; it can hold line breaks') },
  },
  warned: {
    version: 1,
    doc: 'The kernel itself reported a fault.',
    fields: {
      kind: f.oneOf(['warning', 'bug', 'oops', 'hung-task', 'panic'], 'how bad'),
      text: f.text('the line that says so'),
      at: f.opt(f.string('source file and line, where printed')),
      symbol: f.opt(f.string('the function, where printed')),
      pid: f.opt(f.pid('the task, where printed')),
      comm: f.opt(f.reveals('command', f.string('its name, where printed'))),
      address: f.opt(f.pointer('the address that faulted')),
      pfn: f.opt(f.pfn('a page whose struct page the address or a register points into')),
    },
  },
  returned: {
    version: 1,
    doc: 'A call returned of which no more can be said: it was entered before the recording or in a gap, or its caller tells the outcome.',
    fields: {
      function: f.string('the function'),
      caller: f.opt(f.string('the function returned to')),
      ret: f.opt(f.string('what it returned, as printed')),
    },
  },
  marked: { version: 1, doc: 'User space wrote a mark into the trace.', kernel: 'trace_marker', fields: { text: f.text('what it wrote') } },
})

export type KernelPayload = Payload<typeof kernelCatalogue>
export type KernelEvent = EventOf<KernelPayload>
