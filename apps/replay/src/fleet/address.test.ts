import { describe, expect, test } from 'vitest'
import { Failure } from '../session/failure.ts'
import { withoutSecrets } from '../session/secrets.ts'
import { addressOf, addressText, isAddress, mustBeHost, mustBePath, mustBeWrittenHere } from './address.ts'

const none = { servers: ['box:4222'], isTls: false, stream: 'FLEET', host: null, user: null, password: null }

describe('addresses of logs on servers', () => {
  test.each([
    ['nats://box:4222/FLEET', none],
    ['nats://box:4222/FLEET/', none],
    ['tls://box:4222/FLEET/h-1', { ...none, isTls: true, host: 'h-1' }],
    ['nats:///FLEET/h', { ...none, servers: [], host: 'h' }],
    ['nats://a,b:5000,[::1]:4222/FLEET', { ...none, servers: ['a', 'b:5000', '[::1]:4222'] }],
    ['nats://u:p%2Fw:x@box:4222/FLEET', { ...none, user: 'u', password: 'p/w:x' }],
    ['NATS://box:4222/FLEET', none],
    ['TLS://box:4222/FLEET', { ...none, isTls: true }],
    ['nats://token@box:4222/FLEET', { ...none, user: 'token' }],
  ])('%s', (given, expected) => {
    expect(isAddress(given)).toBe(true)
    expect(addressOf(given)).toStrictEqual(expected)
  })

  test.each([
    'nats://box',
    'nats://box:4222',
    'nats://box/',
    'nats://box/A.B',
    'nats://box/A/b.c',
    'nats://box/A/b/c',
    'nats://b ox/A',
    'nats://box:x/A',
    'nats://box:65536/A',
    'nats://box/*',
  ])('%s is refused, and it is said how one looks', (given) => {
    expect(() => addressOf(given)).toThrow(Failure)
    expect(() => addressOf(given)).toThrow(/a log on a server is nats:\/\/SERVER\[:PORT\]\/STREAM\[\/HOST\]/)
  })

  test('names behind the host are named as what is too much', () => {
    expect(() => addressOf('nats://box/A/b/c')).toThrow(/names more than a stream and a host/)
    expect(() => addressOf('nats://box')).toThrow(/names no stream/)
  })

  test.each(['splice.log', './nats://x', 'http://box/FLEET', '-'])('%s is none', (given) => {
    expect(isAddress(given)).toBe(false)
  })

  test('what is neither a path nor such an address is said to be none', () => {
    expect(() => mustBePath('http://u:hush@box/FLEET')).toThrow(/^http:\/\/box\/FLEET is no place of a log; one on a server is nats:/)
    for (const path of ['./nats://x', 'C:/log', 'a.log', 'nats://box/FLEET']) expect(() => mustBePath(path)).not.toThrow()
  })

  test('what -o names is on this machine', () => {
    expect(() => mustBeWrittenHere('nats://u:hush@box/FLEET/h')).toThrow(/nats:\/\/box\/FLEET\/h is not on it; .*devtrail ship/)
    for (const path of ['-', 'both.log', './nats://x']) expect(() => mustBeWrittenHere(path)).not.toThrow()
  })

  test('a host has a name that a subject can have, and is told one like it', () => {
    expect(() => mustBeHost('web-1')).not.toThrow()
    expect(() => mustBeHost('web.example.com')).toThrow(/"web.example.com": .* such as web-example-com$/)
    expect(() => mustBeHost('')).toThrow(Failure)
  })

  test('what an address says of who asks is never in a message', () => {
    for (const given of ['nats://u:hush@box', 'nats://u:hu@sh@box/A/b/c', 'tls://hush@box/A.B']) {
      expect(() => addressOf(given)).toThrow(expect.not.stringMatching(/hu@?sh/))
    }
    expect(withoutSecrets('cannot read nats://u:hush@box/A, nor tls://hush@b:1/C.')).toBe('cannot read nats://box/A, nor tls://b:1/C.')
    expect(addressText(addressOf('tls://u:hush@box:1/A/h'), 'h')).toBe('tls://box:1/A/h')
  })
})
