import type { RuleSource } from '../core/rules/compile.ts'

export function readRuleText(text: string): { content: unknown; unreadable?: string }
export function readRuleFolders(folder: string, within: string): RuleSource[]
