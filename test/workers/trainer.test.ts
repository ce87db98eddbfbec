import { runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { newestModels } from '../../adapters/d1/model-versions.ts'
import { TrainingRuns } from '../../adapters/d1/training-runs.ts'
import { sha256 } from '../../core/ensemble/manifest.ts'
import { MOST_ATTEMPTS, RUN_STEPS } from '../../core/learning/retraining/run.ts'
import { shippedModel } from '../../durable-objects/model.ts'
import { Trainer, type TrainerEnv, type TrainerParts } from '../../durable-objects/trainer.ts'
import { GOLDEN, LEARNING_NOW, REHEARSAL, smallOptions, storeSamples } from '../support/training-fixture.ts'

interface TestEnv extends TrainerEnv {
  TRAINER: DurableObjectNamespace<Trainer>
}
const env = workerEnv as unknown as TestEnv
const db = databaseOf(env.DB)
const runs = new TrainingRuns(db)

beforeEach(async () => {
  for (const table of ['training_samples', 'training_runs', 'training_run_samples', 'model_versions', 'audit_log'])
    await env.DB.exec(`DELETE FROM ${table}`)
  const { objects } = await env.MODELS.list()
  if (objects.length > 0) await env.MODELS.delete(objects.map(({ key }) => key))
})

/** A trainer's surroundings: clock, services and alarm, driven by the test. */
class Surroundings {
  now = LEARNING_NOW
  /** When the alarm will ring; null: not. */
  alarm: number | null = null
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.#state = state
    vi.spyOn(state.storage, 'setAlarm').mockImplementation(async (at) => {
      this.alarm = Number(at)
    })
    vi.spyOn(state.storage, 'getAlarm').mockImplementation(async () => this.alarm)
    vi.spyOn(state.storage, 'deleteAlarm').mockImplementation(async () => {
      this.alarm = null
    })
  }

  get storage(): DurableObjectStorage {
    return this.#state.storage
  }

  /** A trainer on this object's storage, as after a restart. */
  trainer(over: Partial<TrainerEnv> = {}, parts: Partial<TrainerParts> = {}): Trainer {
    return new Trainer(
      this.#state,
      { ...env, ...over },
      {
        clock: () => this.now,
        options: smallOptions,
        unitsInStep: () => 1,
        rehearsal: () => REHEARSAL,
        golden: () => GOLDEN,
        ...parts,
      },
    )
  }
}

let objects = 0
const withTrainer = (test: (at: Surroundings) => Promise<void>) =>
  runInDurableObject(env.TRAINER.getByName(`trainer-test-${objects++}`), (_, state) => test(new Surroundings(state)))

/** All steps in one life; gives how many there were. */
async function runAll(trainer: Trainer): Promise<number> {
  let steps = 1
  while ((await trainer.step()) !== null) steps++
  return steps
}

const used = async (): Promise<number> =>
  (await env.DB.prepare('SELECT sum(used_for_training) AS n FROM training_samples').first<{ n: number }>())!.n
const audit = async (): Promise<string[]> =>
  (
    await env.DB.prepare('SELECT actor, action FROM audit_log ORDER BY id').all<{ actor: string; action: string }>()
  ).results.map(({ actor, action }) => `${actor} ${action}`)
const failing = () => {
  throw new Error('the service is down')
}

describe('a run', () => {
  it('reads labelled samples, trains, and leaves a model with the reasons of the gate in the registry', () =>
    withTrainer(async (at) => {
      const ids = await storeSamples(env.DB, 300)
      await storeSamples(env.DB, 20, { correct_label: null, trust: 'council' })
      await storeSamples(env.DB, 20, { schema_hash: 'of another schema' })
      const trainer = at.trainer()
      const { started, id } = await trainer.start('a test', 'user:admin')
      expect(started).toBe(true)
      await runAll(trainer)

      const [run] = await runs.newest(5)
      expect(run).toMatchObject({
        id,
        state: 'rejected',
        reason: 'a test',
        started_by: 'user:admin',
        samples_read: 300,
      })
      expect(run!.data).toMatchObject({ given: 300, used: 300, rehearsal: 200 })
      expect(run!.losses).toHaveLength(2)
      const [model] = await newestModels(db, 5)
      expect(model).toMatchObject({ version: run!.version, state: 'rejected', run_id: id })
      expect(model!.checks.map(({ name }) => name)).toEqual([
        'accuracy',
        'class F1',
        'calibration',
        'golden set',
        'bootstrap',
      ])
      expect(run!.why).toContain(model!.checks.find(({ passed }) => !passed)!.why)
      const serving = await shippedModel()
      expect(model!.parent).toBe(serving.ok && serving.value.manifest.version)

      const graph = await (await env.MODELS.get(model!.graph_key))!.arrayBuffer()
      expect(await sha256(new Uint8Array(graph))).toBe(model!.manifest.sha256)
      expect(await (await env.MODELS.get(model!.manifest_key))!.json()).toEqual(model!.manifest)

      expect(await used()).toBe(300)
      const kept = await env.DB.prepare(
        'SELECT sample_id FROM training_run_samples WHERE run_id = ? ORDER BY sample_id',
      )
        .bind(id)
        .all<{ sample_id: number }>()
      expect(kept.results.map(({ sample_id }) => sample_id)).toEqual(ids)
      expect(await audit()).toEqual(['user:admin training-started', 'picket training-rejected'])
      expect((await trainer.view()).run!.isRecorded).toBe(true)
    }))

  it('that is taken up by a new process before every step ends in the same bytes as an undisturbed one', async () => {
    await storeSamples(env.DB, 300)
    const graphs: string[] = []
    for (const isDisturbed of [false, true])
      await withTrainer(async (at) => {
        await env.DB.exec('UPDATE training_samples SET used_for_training = 0')
        await env.DB.exec('DELETE FROM model_versions')
        await env.DB.exec('DELETE FROM training_runs')
        let trainer = at.trainer()
        await trainer.start('a test', 'picket')
        const seen = new Set<string>()
        let lives = 1
        while ((await trainer.step()) !== null) {
          seen.add((await trainer.view()).run!.step)
          if (isDisturbed) {
            trainer = at.trainer()
            lives++
          }
        }
        expect([...seen]).toEqual(RUN_STEPS.slice(1))
        if (isDisturbed) expect(lives).toBeGreaterThan(18)
        graphs.push((await newestModels(db, 1))[0]!.manifest.sha256)
      })
    expect(graphs[1]).toBe(graphs[0])
  })

  it('whose process dies within a step, before or while it writes, ends in the same bytes', async () => {
    await storeSamples(env.DB, 120)
    const graphs: string[] = []
    for (const isDisturbed of [false, true])
      await withTrainer(async (at) => {
        await env.DB.exec('UPDATE training_samples SET used_for_training = 0')
        await env.DB.exec('DELETE FROM model_versions')
        await env.DB.exec('DELETE FROM training_runs')
        let trainer = at.trainer()
        await trainer.start('a test', 'picket')
        while (true) {
          if (isDisturbed) {
            const dying = vi.spyOn(at.storage, 'transactionSync').mockImplementation(failing)
            await trainer.step()
            dying.mockRestore()
            trainer = at.trainer()
          }
          if ((await trainer.step()) === null) break
        }
        graphs.push((await newestModels(db, 1))[0]!.manifest.sha256)
        expect(await runs.newest(5)).toHaveLength(1)
        expect(await audit()).toHaveLength(2)
        await env.DB.exec('DELETE FROM audit_log')
      })
    expect(graphs[1]).toBe(graphs[0])
  })

  it('is driven by alarms: one is set before a step begins, none when all is done', () =>
    withTrainer(async (at) => {
      await storeSamples(env.DB, 120)
      const trainer = at.trainer()
      await trainer.start('a test', 'picket')
      const within: (number | null)[] = []
      const { prepare } = env.DB
      vi.spyOn(env.DB, 'prepare').mockImplementation((...given) => {
        within.push(at.alarm)
        return prepare.apply(env.DB, given)
      })
      for (let alarms = 0; at.alarm !== null && alarms < 100; alarms++) {
        at.alarm = null
        await trainer.alarm()
        at.now += 1
      }
      vi.mocked(env.DB.prepare).mockRestore()
      expect(within.length).toBeGreaterThan(0)
      expect(within).not.toContain(null)
      expect((await trainer.view()).run!.isRecorded).toBe(true)
    }))

  it('whose alarm was lost is woken by whoever asks', () =>
    withTrainer(async (at) => {
      await at.trainer().start('a test', 'picket')
      at.alarm = null
      at.trainer()
      await vi.waitFor(() => expect(at.alarm).toBe(at.now))
    }))

  it('never overlaps another', () =>
    withTrainer(async (at) => {
      await storeSamples(env.DB, 120)
      const trainer = at.trainer()
      const first = await trainer.start('one', 'user:admin')
      await trainer.step()
      expect(await trainer.start('two', 'user:admin')).toEqual({ started: false, id: first.id })
      await runAll(trainer)
      at.now += 1
      expect((await trainer.start('two', 'user:admin')).started).toBe(true)
    }))

  it('is stopped by hand, between steps and within one; its samples stay unused', () =>
    withTrainer(async (at) => {
      await storeSamples(env.DB, 120)
      const trainer = at.trainer()
      for (const isWithin of [false, true]) {
        await trainer.start('a test', 'user:admin')
        await trainer.step()
        await trainer.step()
        const step = isWithin ? trainer.step() : null
        expect(await trainer.stop('user:other')).not.toBeNull()
        await step
        await runAll(trainer)
        expect((await runs.newest(1))[0]).toMatchObject({
          state: 'stopped',
          why: 'stopped by user:other',
          version: null,
        })
        expect(await trainer.stop('user:other')).toBeNull()
        at.now += 1_000
      }
      expect(await used()).toBe(0)
      expect(await newestModels(db, 5)).toEqual([])
      expect(await audit()).toContain('user:other training-stop-asked')
    }))

  it('takes a label that was given while it went on for the next run', () =>
    withTrainer(async (at) => {
      const ids = await storeSamples(env.DB, 120)
      const trainer = at.trainer()
      await trainer.start('a test', 'picket')
      await trainer.step()
      await env.DB.prepare('UPDATE training_samples SET correct_label = ?, labelled_at = ? WHERE id = ?')
        .bind('APT', at.now + 1, ids[0]!)
        .run()
      await runAll(trainer)
      expect(await used()).toBe(119)
    }))
})

describe('a run that cannot go on', () => {
  it('waits for a database and a bucket that come back', () =>
    withTrainer(async (at) => {
      await storeSamples(env.DB, 120)
      const { prepare } = env.DB
      const { put } = env.MODELS
      const calls = { prepare: 0, put: 0 }
      const DB = new Proxy(env.DB, {
        get: (target, name) => {
          if (name === 'prepare') return ++calls.prepare <= 3 ? failing : prepare.bind(target)
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      const MODELS = {
        put: (...given: Parameters<typeof put>) => (++calls.put <= 3 ? failing() : put.apply(env.MODELS, given)),
      } as unknown as R2Bucket
      const trainer = at.trainer({ DB, MODELS })
      await trainer.start('a test', 'picket')
      await runAll(trainer)
      expect((await runs.newest(1))[0]).toMatchObject({ state: 'passed', why: 'it passed every check' })
      expect((await newestModels(db, 1))[0]!.state).toBe('passed')
      expect(await used()).toBe(120)
      expect(calls.prepare).toBeGreaterThan(3)
      expect(calls.put).toBe(5)
    }))

  it('fails when the bucket stays away, says why, and leaves samples unused and the serving model as it is', () =>
    withTrainer(async (at) => {
      await storeSamples(env.DB, 120)
      const down = { put: async () => failing() } as unknown as R2Bucket
      const trainer = at.trainer({ MODELS: down })
      await trainer.start('a test', 'picket')
      await runAll(trainer)
      const [run] = await runs.newest(1)
      expect(run).toMatchObject({ state: 'failed', version: null })
      expect(run!.why).toBe(`Storing the model failed ${MOST_ATTEMPTS} times: the service is down`)
      expect(await used()).toBe(0)
      expect(await newestModels(db, 5)).toEqual([])
    }))

  it('fails when the database stays away, and tells it when it is back', () =>
    withTrainer(async (at) => {
      const down = { prepare: failing, batch: failing } as unknown as D1Database
      const trainer = at.trainer({ DB: down })
      await trainer.start('a test', 'picket')
      for (let attempt = 0; attempt < MOST_ATTEMPTS + 3; attempt++) expect(await trainer.step()).not.toBeNull()
      expect((await trainer.view()).run).toMatchObject({ isRecorded: false, outcome: { kind: 'failed' } })
      await runAll(at.trainer())
      expect((await runs.newest(1))[0]).toMatchObject({ state: 'failed' })
    }))

  it('fails on samples that nothing can be learned from, and names what is wrong', () =>
    withTrainer(async (at) => {
      const kinds: [Parameters<typeof storeSamples>[2], RegExp][] = [
        [{ correct_label: 'Normal' }, /of one class/],
        [{ src_ip: '203.0.113.7' }, /of 1 source/],
        [{ features: Array<null>(100).fill(null) }, /no samples/],
        [{ features: [1, 2, 3] }, /no samples/],
        [{ schema_hash: 'of another schema' }, /no samples/],
      ]
      const trainer = at.trainer()
      for (const [over, why] of kinds) {
        await env.DB.exec('DELETE FROM training_samples')
        await storeSamples(env.DB, 50, over)
        await trainer.start('a test', 'picket')
        await runAll(trainer)
        const [run] = await runs.newest(1)
        expect(run!.state).toBe('failed')
        expect(run!.why).toMatch(why)
        at.now += 1_000
      }
    }))

  it('refuses golden and rehearsal sets that it cannot read', () =>
    withTrainer(async (at) => {
      await storeSamples(env.DB, 120)
      const trainer = at.trainer(
        {},
        {
          golden: () => {
            throw new Error('the golden set cannot be read')
          },
        },
      )
      await trainer.start('a test', 'picket')
      await runAll(trainer)
      expect((await runs.newest(1))[0]).toMatchObject({ state: 'failed', why: expect.stringMatching(/golden set/) })
    }))
})
