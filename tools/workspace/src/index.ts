export * from './dead-builds.ts'
export * from './published.ts'
export * from './run.ts'
