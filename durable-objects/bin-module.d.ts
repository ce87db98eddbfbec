/** wrangler hands `.bin` files over as bytes (wrangler.toml, rules). */
declare module '*.bin' {
  const bytes: ArrayBuffer
  export default bytes
}
