export * from './published.ts'
export * from './run.ts'
