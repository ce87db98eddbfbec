/** What the classifier needs of an ONNX runtime. node-runtime.ts and workers-runtime.ts offer it. */
export interface OnnxRuntime {
  /** Rejects where the runtime cannot read or run the graph. The graph's bytes may be reused after it resolves. */
  open(graph: Uint8Array): Promise<OnnxSession>
}

export interface OnnxSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /**
   * Runs the graph on a float32 input [count, columns].
   * @returns each output's values, row-major; the caller owns them
   */
  run(input: string, rows: Float32Array, count: number, columns: number): Promise<Record<string, Float32Array>>
  /** Frees the graph's memory, which the runtime never gives back by itself. */
  release(): Promise<void>
}
