import { err, ok, type Result } from '../../core/result.ts'
import type { IngestLimits } from './limits.ts'

/** Where one event's text stands in the body, end exclusive. */
export interface Segment {
  start: number
  end: number
  /** From 0: the line's number in the body, or the element's in an array. */
  index: number
  /** The body ended, or the line did, before its JSON value. */
  unfinished: boolean
}

type Counts = Pick<IngestLimits, 'events' | 'lines'>
type Split = Result<Segment[], 'too-many-events'>
const TOO_MANY: Split = err('too-many-events')

/**
 * Cuts a body into the texts of its events without changing them: the elements of a JSON array, JSON objects written
 * over several lines, or else lines (CR LF tolerated, blank ones left out). Works on the text of the body, or on text
 * that has one character a byte: all that it looks for is ASCII.
 */
export function splitBody(text: string, limits: Counts): Split {
  const start = skipSpace(text, 0)
  const first = text.charCodeAt(start)
  if (first === OPEN_BRACKET) return splitArray(text, start, limits) ?? splitLines(text, limits)
  if (first === OPEN_BRACE) return splitObjects(text, start, limits) ?? splitLines(text, limits)
  return splitLines(text, limits)
}

function splitLines(text: string, limits: Counts): Split {
  const segments: Segment[] = []
  let comments = 0
  let index = 0
  for (let start = 0; start < text.length; index++) {
    if (index >= limits.lines) return TOO_MANY
    const newline = text.indexOf('\n', start)
    const next = newline < 0 ? text.length : newline
    const end = next > start && text.charCodeAt(next - 1) === CARRIAGE_RETURN ? next - 1 : next
    const first = text.charCodeAt(start)
    if (end > start && (first > SPACE || skipSpace(text, start) < end)) {
      // Headers of Zeek's logs are no events, but they are lines to be read; they get a budget of their own.
      if (first === HASH && comments < limits.events) comments++
      else if (segments.length - comments >= limits.events) return TOO_MANY
      segments.push({ start, end, index, unfinished: false })
    }
    start = next + 1
  }
  return ok(segments)
}

/**
 * The elements of an array; null when it is none (Apache's error log begins with a bracket, too). An element that is
 * broken costs itself: a text without end stops at the line's end, and a body without end at the body's.
 */
function splitArray(text: string, from: number, limits: Counts): Split | null {
  const segments: Segment[] = []
  let at = skipSpace(text, from + 1)
  if (!VALUE_START.test(text.charAt(at)) && text.charCodeAt(at) !== CLOSE_BRACKET) return null
  for (let index = 0; ; index++) {
    while (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
    if (at >= text.length) return segments.some(({ unfinished }) => !unfinished) ? ok(segments) : null
    if (text.charCodeAt(at) === CLOSE_BRACKET) break
    if (segments.length >= limits.events) return TOO_MANY
    const { end, unfinished } = valueEnd(text, at)
    segments.push({ start: at, end, index, unfinished })
    at = unfinished ? nextElement(text, end) : skipSpace(text, end)
  }
  return skipSpace(text, at + 1) === text.length ? ok(segments) : null
}

/** After a broken element: the next line that begins with an object, or with the array's end; else the body's end. */
function nextElement(text: string, from: number): number {
  for (let newline = text.indexOf('\n', from); newline >= 0; newline = text.indexOf('\n', newline + 1)) {
    let at = skipSpace(text, newline)
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1)
    const code = text.charCodeAt(at)
    if (code === OPEN_BRACE || code === CLOSE_BRACKET) return at
    newline = at - 1
  }
  return text.length
}

/** Objects that do not end on the line on which they begin, one or several after another; null when they are lines. */
function splitObjects(text: string, from: number, limits: Counts): Split | null {
  const first = valueEnd(text, from)
  const newline = text.indexOf('\n', from)
  if (newline < 0 || (!first.unfinished && first.end <= newline)) return null
  const segments: Segment[] = []
  for (let at = from, index = 0; at < text.length; index++) {
    if (text.charCodeAt(at) !== OPEN_BRACE) return null
    if (segments.length >= limits.events) return TOO_MANY
    const { end, unfinished } = valueEnd(text, at)
    // A line cut short can look like the beginning of an object that ends many good lines later.
    if (unfinished || !isJson(text.slice(at, end))) return null
    segments.push({ start: at, end, index, unfinished })
    at = skipSpace(text, end)
  }
  return ok(segments)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Not JSON: that is the answer.
    return false
  }
}

/** Where the JSON value at `from` ends, brackets counted outside texts. One pass; it does not check what is inside. */
function valueEnd(text: string, from: number): { end: number; unfinished: boolean } {
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const close = textEnd(text, at + 1)
      if (text.charCodeAt(close) !== QUOTE) return { end: close, unfinished: true }
      at = close + 1
      if (depth === 0) return { end: at, unfinished: false }
      continue
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      // A bracket too many, after a value without any.
      if (depth === 0) return { end: at === from ? at + 1 : at, unfinished: at === from }
      if (--depth === 0) return { end: at + 1, unfinished: false }
    } else if (depth === 0 && (code === COMMA || code <= SPACE)) return { end: at, unfinished: false }
    at++
  }
  return { end: text.length, unfinished: true }
}

/** The quote that ends a text which began before `from`, or the newline or the end that it never got past. */
function textEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE || code === NEWLINE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= SPACE) at++
  return at
}

/** Levels of brackets outside texts; for text that may be JSON. */
export function nestingDepth(text: string): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = textEnd(text, at + 1)
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) deepest = Math.max(deepest, ++depth)
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--
  }
  return deepest
}

const VALUE_START = /[[{"\-0-9tfn]/
const NEWLINE = 10
const CARRIAGE_RETURN = 13
const SPACE = 32
const QUOTE = 34
const HASH = 35
const COMMA = 44
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
