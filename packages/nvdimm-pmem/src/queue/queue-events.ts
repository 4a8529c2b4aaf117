import { f } from '@devtrail/events'

const device = f.opt(f.device('the device'))
const queue = f.pointer('the request_queue')
const errno = f.errno('0 on success')

/** The vocabulary of request queues (block/blk-core.c, block/blk-mq.c). */
export const queueEvents = {
  'queue-allocated': {
    version: 1,
    doc: 'A request queue was set up; its usage counter is live, atomic, and counts one.',
    kernel: 'blk_alloc_queue',
    fields: { device, queue, ref: f.pointer('its usage counter, the percpu_ref') },
  },
  'queue-enter-wait-started': {
    version: 1,
    doc: 'A task began to wait to be let into a frozen queue.',
    kernel: 'blk_queue_enter',
    call: { edge: 'enter', name: 'blk_queue_enter', waitsFor: 'a frozen queue to be unfrozen, or to die' },
    fields: { device, queue },
  },
  'queue-enter-wait-ended': {
    version: 1,
    doc: 'The wait is over: the task tries again, or is refused.',
    kernel: 'blk_queue_enter',
    call: { edge: 'return', name: 'blk_queue_enter' },
    fields: { device, queue, errno },
  },
  'queue-enter-refused': {
    version: 1,
    doc: 'A task was not let into a queue that is frozen or dead.',
    kernel: 'blk_queue_enter',
    fields: { device, queue, errno },
  },
  'queue-dying': {
    version: 1,
    doc: 'A queue, or its disk, was marked dead: who waits to be let in is refused.',
    kernel: 'blk_set_queue_dying / __blk_mark_disk_dead',
    fields: { device, queue },
  },
  'queue-freeze-started': {
    version: 1,
    doc: 'A request queue was closed to new requests; its usage counter was killed.',
    kernel: 'blk_freeze_queue_start',
    fields: { device, queue },
  },
  'queue-dead-noticed': {
    version: 1,
    doc: "It is certain that nobody gets a live reference to a queue's usage counter any more.",
    kernel: 'blk_confirm_queue_death',
    fields: { device, queue },
  },
  'queue-dead-wait-started': {
    version: 1,
    doc: 'A task began to wait for a queue to be dead; who is in it may still be.',
    kernel: 'blk_wait_queue_dead',
    call: { edge: 'enter', name: 'blk_wait_queue_dead', waitsFor: 'the queue to be dead: a grace period after it is killed' },
    fields: { device, queue },
  },
  'queue-dead-wait-ended': {
    version: 1,
    doc: 'The queue is dead.',
    kernel: 'blk_wait_queue_dead',
    call: { edge: 'return', name: 'blk_wait_queue_dead' },
    fields: { device, queue },
  },
  'queue-wait-started': {
    version: 1,
    doc: "A task began to wait for a queue's usage counter to drop to zero.",
    kernel: 'blk_mq_freeze_queue_wait',
    call: { edge: 'enter', name: 'blk_mq_freeze_queue_wait', waitsFor: "the queue's usage counter to drop to zero" },
    fields: { device, queue },
  },
  'queue-ref-released': {
    version: 1,
    doc: "A queue's usage counter dropped to zero.",
    kernel: 'blk_queue_usage_counter_release',
    fields: { device, queue: f.opt(queue), ref: f.pointer('the percpu_ref') },
  },
  'queue-wait-ended': {
    version: 1,
    doc: "A task's wait for a queue ended.",
    kernel: 'blk_mq_freeze_queue_wait',
    call: { edge: 'return', name: 'blk_mq_freeze_queue_wait' },
    fields: { device, queue: f.opt(queue) },
  },
  'queue-unfrozen': {
    version: 1,
    doc: 'One freeze of a queue was taken back; at depth 0 its usage counter is live again.',
    kernel: 'blk_mq_unfreeze_queue',
    fields: { device, queue, depth: f.int('how often it is still frozen; below 0 the kernel warns') },
  },
  'queue-cleanup-started': {
    version: 1,
    doc: 'A queue began to be cleaned up.',
    kernel: 'blk_cleanup_queue',
    call: { edge: 'enter', name: 'blk_cleanup_queue' },
    fields: { device, queue },
  },
  'queue-cleanup-ended': {
    version: 1,
    doc: 'A queue was cleaned up: it is dead and drained.',
    kernel: 'blk_cleanup_queue',
    call: { edge: 'return', name: 'blk_cleanup_queue' },
    fields: { device, queue },
  },
  'queue-put': {
    version: 1,
    doc: "A queue's owner dropped its reference.",
    kernel: 'blk_put_queue',
    fields: { device, queue },
  },
  'queue-usage-exited': {
    version: 1,
    doc: "A queue's usage counter was torn down; its memory goes with the queue.",
    kernel: 'percpu_ref_exit',
    fields: {
      device,
      queue,
      ref: f.pointer('the percpu_ref'),
      usedBy: f.opt(f.pagemap('the pagemap that still has it for its reference; null: none')),
    },
  },
} as const
