import { UnknownOperation, type Subsystem } from '../sequence.ts'

export const devres: Subsystem = () => (operation) => {
  throw new UnknownOperation(operation.op)
}
