import { classifierFacts } from './classifier-suite.ts'

classifierFacts('Node', () => import('../../../adapters/onnx/node-runtime.ts'))
