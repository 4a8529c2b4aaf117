import { UnknownOperation, type Subsystem } from '../sequence.ts'

export const resourceTree: Subsystem = () => (operation) => {
  throw new UnknownOperation(operation.op)
}
