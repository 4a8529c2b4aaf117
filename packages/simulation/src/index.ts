export { SimulatedMachine } from './machine/machine.ts'
export type { MachineInit } from './machine/machine.ts'
export { SeededChoices } from './machine/choices.ts'
export type { Choices } from './machine/choices.ts'
export type { Hang } from './machine/scheduler.ts'
export { TURNS_MAX } from './machine/scheduler.ts'
export { simulate, Simulation } from './run.ts'
export type { Continuation, Outcome, RunOptions } from './run.ts'
export type {
  FaultSpec,
  FileSpec,
  NamespaceSpec,
  PagesOf,
  ProgramSpec,
  RegionOf,
  Scenario,
  Size,
  Step,
  TaskSpec,
} from './scenario/scenario.ts'
export { checkScenario, SCENARIO_MAX } from './scenario/check-scenario.ts'
export { ScenarioError } from './scenario/place.ts'
export { scenarios } from './scenarios/index.ts'
export type { Refusal } from './scenario/exchange.ts'
export { REFUSALS_MAX } from './scenario/exchange.ts'
export type { OpenImage } from './set-up/namespace-bytes.ts'
