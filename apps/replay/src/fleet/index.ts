/** What commands do with logs on a server. To be imported when one is asked for: it brings a client that takes its time to load. */
export { spanText } from './holes.ts'
export { keepUp } from './following.ts'
export { mirrorOf, tellHoles } from './mirror.ts'
export { remoteLog, shipTo } from './remote.ts'
export { repairRemote } from './repair.ts'
export { ship } from './ship.ts'
export { verifyRemote } from './verify.ts'
