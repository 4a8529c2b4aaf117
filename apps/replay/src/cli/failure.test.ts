import { LogUsageError } from '@devtrail/event-log'
import { RecordingError } from '@devtrail/linux-trace'
import { NoSuchDeviceError, NoSuchPositionError, NoSuchRuleError, PositionSyntaxError } from '@devtrail/time-travel'
import { CommanderError } from 'commander'
import { expect, test } from 'vitest'
import { exit, exitCodeOf, Failure } from './failure.ts'

test('every error that can be foreseen has the exit code of docs/interfaces.md', () => {
  expect(exitCodeOf(new Failure(exit.notThere, ''))).toBe(4)
  expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', ''))).toBe(2)
  expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', ''))).toBe(0)
  expect(exitCodeOf(new PositionSyntaxError(''))).toBe(2)
  expect(exitCodeOf(new NoSuchRuleError(''))).toBe(2)
  expect(exitCodeOf(new NoSuchPositionError(''))).toBe(4)
  expect(exitCodeOf(new NoSuchDeviceError('', []))).toBe(4)
  expect(exitCodeOf(new RecordingError(''))).toBe(3)
  expect(exitCodeOf(new LogUsageError('exists', ''))).toBe(2)
  expect(exitCodeOf(new LogUsageError('unsupported', ''))).toBe(3)
  expect(exitCodeOf(Object.assign(new Error(''), { code: 'EACCES' }))).toBe(3)
  expect(exitCodeOf(Object.assign(new Error(''), { name: 'AbortError' }))).toBe(130)
  expect(exitCodeOf(new TypeError('a bug'))).toBeNull()
})
