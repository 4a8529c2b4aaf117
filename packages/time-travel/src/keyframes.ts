/**
 * A machine's state as parts that a log can keep, and back. A part that did not change since the keyframe before is not
 * saved again.
 */
import { Facts, type FactsContent, type HostId, type Model } from '@devtrail/events'
import { Machine, vocabularyOf, type HostState, type MachineState } from './machine.ts'
import { BrokenDataError, decodePlain, encodePlain } from './plain-data.ts'
import type { SpansState } from './spans.ts'
import type { TasksState } from './tasks.ts'

type Parts = ReadonlyMap<string, Uint8Array>

/** Bytes of one part at most; larger ones are cut. */
const PART_BYTES = 16 * 1024 * 1024

const partOf = (model: string, name: string): string => `model ${model} ${name}`

/** Every part of a state. */
export function partsOf({ models, facts, content }: Machine): Map<string, Uint8Array> {
  const parts = new Map<string, Uint8Array>()
  const add = (name: string, value: unknown): void => {
    const bytes = encodePlain(value)
    for (let at = 0, k = 0; k === 0 || at < bytes.length; at += PART_BYTES, k++) {
      parts.set(k === 0 ? name : `${name} +${k}`, bytes.subarray(at, at + PART_BYTES))
    }
  }
  const addHost = (host: HostId, { tasks, models: states }: HostState): void => {
    const of = ofHost(host)
    add(`${of}facts`, facts.of(host).content)
    add(`${of}tasks`, tasks)
    for (const { name, parts: cutting } of models) {
      const state = states.get(name)
      if (cutting === undefined) add(of + partOf(name, 'state'), state)
      else for (const [part, value] of cutting.cut(state)) add(of + partOf(name, part), value)
    }
  }
  add('spans', content.spans)
  addHost(0, content)
  for (const [host, state] of content.hosts) addHost(host, state)
  return parts
}

/** What the parts of a host begin with. */
const ofHost = (host: HostId): string => (host === 0 ? '' : `host ${host} `)

/** The hosts of a log of several that have parts. */
function hostsIn(parts: Parts): HostId[] {
  return [...parts.keys()].flatMap((name) => {
    const m = /^host (\d+) facts$/.exec(name)
    return m === null ? [] : [Number(m[1])]
  })
}

/** The value of a part. @throws BrokenDataError when it is missing or makes no sense. */
function valueOf(parts: Parts, name: string): unknown {
  const pieces: Uint8Array[] = []
  for (let k = 0; ; k++) {
    const piece = parts.get(k === 0 ? name : `${name} +${k}`)
    if (piece === undefined) break
    pieces.push(piece)
  }
  if (pieces.length === 0) throw new BrokenDataError(`a keyframe without "${name}"`)
  if (pieces.length === 1) return decodePlain(pieces[0]!)
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return decodePlain(whole)
}

/** What was known of incarnations at a keyframe. @throws BrokenDataError */
export function factsOf(models: readonly Model[], parts: Parts): Facts {
  const facts = new Facts(vocabularyOf(models), valueOf(parts, 'facts') as FactsContent)
  for (const host of hostsIn(parts)) facts.restore(host, valueOf(parts, `${ofHost(host)}facts`) as FactsContent)
  return facts
}

function hostState(models: readonly Model[], parts: Parts, host: HostId): HostState {
  const states = new Map<string, unknown>()
  for (const { name, parts: cutting } of models) {
    if (cutting === undefined) {
      states.set(name, valueOf(parts, ofHost(host) + partOf(name, 'state')))
      continue
    }
    const values = new Map<string, unknown>()
    const start = ofHost(host) + partOf(name, '')
    for (const key of parts.keys()) {
      if (key.startsWith(start) && !key.includes(' +')) values.set(key.slice(start.length), valueOf(parts, key))
    }
    states.set(name, cutting.join(values))
  }
  return { models: states, tasks: valueOf(parts, `${ofHost(host)}tasks`) as TasksState }
}

/** The machine of a keyframe, which `facts` of the whole log may be handed to. @throws BrokenDataError */
export function machineOf(models: readonly Model[], parts: Parts, facts: Facts = factsOf(models, parts)): Machine {
  const content: MachineState = {
    ...hostState(models, parts, 0),
    spans: valueOf(parts, 'spans') as SpansState,
    hosts: new Map(hostsIn(parts).map((host) => [host, hostState(models, parts, host)])),
  }
  return new Machine(models, facts, content)
}
