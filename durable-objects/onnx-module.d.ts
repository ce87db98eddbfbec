/** wrangler hands `.onnx` files over as bytes (wrangler.toml, rules). */
declare module '*.onnx' {
  const bytes: ArrayBuffer
  export default bytes
}
