/** Real servers for tests and benches, each in a folder of its own and on ports that were free. */
export { makeCertificates, type Certificates } from './certificates.ts'
export { makeOperator, type Operator } from './operator.ts'
export { NatsServer } from './server.ts'
export { mustHaveServer, reason, startServers, type Servers, type ServersOptions } from './servers.ts'
