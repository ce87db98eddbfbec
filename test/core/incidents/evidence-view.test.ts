import { describe, expect, it } from 'vitest'
import { type EvidenceRow, eventFields, evidenceFor, fieldsAt } from '../../../core/incidents/evidence-view.ts'

const ROW: EvidenceRow = {
  incident_key: 'k',
  n: 1,
  ts: 0,
  sensor: 's',
  stream: '/var/log/cowrie.json',
  format: 'cowrie',
  event: { ts: 0, src_ip: '192.0.2.1', event_type: 'ssh.login.failed', username: 'root', password: 'hunter2' },
  original: '{"username":"root","password":"hunter2"}',
  matched: ['username', 'password', 'http.path'],
}

describe('evidence', () => {
  it('an analyst sees the password that was tried and the line that holds it', () => {
    const view = evidenceFor('analyst', ROW)
    expect(view.original).toBe(ROW.original)
    expect(view.event.password).toBe('hunter2')
    expect(view.matched).toEqual([
      { field: 'username', value: 'root' },
      { field: 'password', value: 'hunter2' },
    ])
  })

  it('a viewer gets no trace of the password, and is told so', () => {
    const view = evidenceFor('viewer', ROW)
    expect(JSON.stringify(view)).not.toContain('hunter2')
    expect(view).toMatchObject({ original: null, withheld: 'password' })
  })

  it('a viewer sees lines without a password', () => {
    const { password: _, ...event } = ROW.event
    expect(evidenceFor('viewer', { ...ROW, event }).original).toBe(ROW.original)
  })

  it('a field is found by its path, a group gives all its fields, and inherited names are no fields', () => {
    const event = { ...ROW.event, http: { path: '/a', status: 404 } }
    expect(fieldsAt(event, 'http.status')).toEqual([{ field: 'http.status', value: '404' }])
    expect(fieldsAt(event, '__proto__.constructor')).toEqual([])
    expect(fieldsAt(event, 'toString')).toEqual([])
    expect(fieldsAt(event, 'http').map(({ field }) => field)).toEqual(['http.path', 'http.status'])
    expect(eventFields(event)).toContainEqual({ field: 'http.path', value: '/a' })
  })
})
