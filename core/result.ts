/** Success or expected failure as a value. A bug throws; a refusal is returned. */
export type Result<Value, Refusal> = { ok: true; value: Value } | { ok: false; error: Refusal }

export const ok = <Value>(value: Value): { ok: true; value: Value } => ({ ok: true, value })
export const err = <Refusal>(error: Refusal): { ok: false; error: Refusal } => ({ ok: false, error })
