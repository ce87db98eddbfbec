/** The answer, when it comes within `ms`; rejects with what it rejected with, or with `late` and the time. */
export async function inTime<Answer>(answer: Promise<Answer>, ms: number, late = 'no answer'): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${late} in ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([answer, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
