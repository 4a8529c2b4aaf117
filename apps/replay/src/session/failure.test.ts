import { LogDamagedError, LogUsageError } from '@devtrail/event-log'
import { StreamError } from '@devtrail/event-log-jetstream'
import { RecordingError } from '@devtrail/linux-trace'
import { BttError, MediumError } from '@devtrail/nvdimm-pmem/btt'
import { ImageInUseError } from '@devtrail/nvdimm-pmem/node'
import { IomemSyntaxError } from '@devtrail/resource-tree'
import { ScenarioError } from '@devtrail/simulation'
import { ExpressionError, NoSuchDeviceError, NoSuchPositionError, NoSuchRuleError, PositionSyntaxError } from '@devtrail/time-travel'
import { CommanderError } from 'commander'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exit, exitCodeOf, Failure, messageOf } from './failure.ts'

test('every error that can be foreseen has the exit code of docs/interfaces.md', () => {
  expect(exitCodeOf(new Failure(exit.notThere, ''))).toBe(4)
  expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', ''))).toBe(2)
  expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', ''))).toBe(0)
  expect(exitCodeOf(new PositionSyntaxError(''))).toBe(2)
  expect(exitCodeOf(new NoSuchRuleError(''))).toBe(2)
  expect(exitCodeOf(new NoSuchPositionError(''))).toBe(4)
  expect(exitCodeOf(new NoSuchDeviceError('', []))).toBe(4)
  expect(exitCodeOf(new ExpressionError('', '', 0))).toBe(2)
  expect(exitCodeOf(new RecordingError(''))).toBe(3)
  expect(exitCodeOf(new LogDamagedError({ file: '', line: null, offset: 0, expected: '', found: '', todo: '' }))).toBe(3)
  expect(exitCodeOf(new IomemSyntaxError(1, ''))).toBe(3)
  expect(exitCodeOf(new BttError(0, 0, ''))).toBe(3)
  expect(exitCodeOf(new MediumError('', 0, 0))).toBe(3)
  expect(exitCodeOf(new ImageInUseError('', null, ''))).toBe(1)
  expect(exitCodeOf(new ScenarioError('', ''))).toBe(3)
  expect(exitCodeOf(new StreamError('unreachable', ''))).toBe(3)
  expect(exitCodeOf(new LogUsageError('exists', ''))).toBe(2)
  expect(exitCodeOf(new LogUsageError('unsupported', ''))).toBe(3)
  expect(exitCodeOf(Object.assign(new Error(''), { code: 'EACCES' }))).toBe(3)
  expect(exitCodeOf(Object.assign(new Error(''), { name: 'AbortError' }))).toBe(130)
  expect(exitCodeOf(new TypeError('a bug'))).toBeNull()
})

/** What a person is told when that fails. */
const said = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return messageOf(error)
  }
  return 'nothing'
}

test('what the system says is told with its place and in words; our own words are left as they are', () => {
  expect(said(() => statSync('no/such'))).toBe('no/such: there is no such file or folder (ENOENT)')
  expect(said(() => readdirSync(`${import.meta.filename}/x`))).toMatch(/: a part of that path is a file, not a folder \(ENOTDIR\)$/)
  // A read knows no path.
  expect(said(() => readFileSync(import.meta.dirname))).toContain('EISDIR')
  expect(messageOf(Object.assign(new Error('cannot make it: ENOENT'), { code: 'ENOENT', path: 'a' }))).toBe('cannot make it: ENOENT')
  expect(messageOf('text')).toBe('text')
})
