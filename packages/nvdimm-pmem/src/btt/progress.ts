/** How far an operation on a sector has come: it goes on, waits for another one, or is over. */
export const progress = { going: 0, waiting: 1, done: 2 } as const
export type Progress = (typeof progress)[keyof typeof progress]
