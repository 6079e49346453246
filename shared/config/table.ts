/** The settings as a table for people. */
import type { Setting } from './read.ts';
import { localSettings, routerSettings, sharedSettings, taskSettings } from './settings.ts';

type Rows = Record<string, Setting<unknown>>;

const SCOPES: [string, Rows][] = [
  ['router and task', sharedSettings],
  ['router', routerSettings],
  ['task', taskSettings],
  ['`npm run dev`', localSettings],
];

function shownDefault(setting: Setting<unknown>): string {
  if (setting.required) return 'must be set';
  if (setting.fallback === undefined) return 'unset';
  return `\`${setting.shown ?? JSON.stringify(setting.fallback).replaceAll('"', '')}\``;
}

/** A Markdown table: variable, default, who reads it, what it is. */
export function settingsTable(): string {
  const lines = ['| variable | default | read by | |', '| --- | --- | --- | --- |'];
  for (const [scope, rows] of SCOPES) {
    for (const [name, setting] of Object.entries(rows)) {
      if (scope !== 'router and task' && name in sharedSettings) continue;
      lines.push(
        `| \`${name}\` | ${shownDefault(setting)} | ${scope} | ${setting.about.replaceAll('<', '&lt;')} |`,
      );
    }
  }
  return lines.join('\n');
}
