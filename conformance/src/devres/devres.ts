import type { Answer, Operation, Subsystem } from '../sequence.ts'
import { call } from './calls.ts'
import { DevresFixture } from './fixture.ts'

/** One device with managed resources, whose callbacks log. */
export const devres: Subsystem = () => {
  const fixture = new DevresFixture()
  return (operation) => answer(fixture, operation)
}

function answer(fixture: DevresFixture, operation: Operation): Answer {
  fixture.forget()
  const ret = call(fixture, operation)
  const { events, log, named, resources } = fixture
  const warn = events.filter(({ type }) => type === 'devres/warned').map(({ data }) => data['by'])
  return {
    ret,
    ...(log.length > 0 && { log }),
    ...(warn.length > 0 && { warn }),
    list: resources.list().map(({ node }) => named.labelOf(node)),
  }
}
