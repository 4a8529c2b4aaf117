/** What commands do with logs on a server. To be imported when one is asked for: it brings a client that takes its time to load. */
export { keepUp } from './following.ts'
export { mirrorOf } from './mirror.ts'
export { remoteLog, shipTo } from './remote.ts'
export { ship } from './ship.ts'
export { verifyRemote } from './verify.ts'
