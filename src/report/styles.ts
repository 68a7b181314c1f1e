import { Markup } from './html'

/** The report's style sheet: light and dark by the reader's own setting, one column below 700 px. */
export const STYLES = new Markup(`
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --card: #fff; --ink: #1c1f23; --soft: #5a626c; --line: #dfe2e6;
  --accent: #0b6bcb; --second: #b34a00; --good: #10753a; --bad: #b3261e; --lightness: 42%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1c2024; --ink: #e8eaed; --soft: #a3abb5; --line: #363c43;
    --accent: #6cb2ff; --second: #ffa563; --good: #6fd497; --bad: #ff9a92; --lightness: 66%;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
.date { font-size: 14px; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 44px 0 6px; }
p { margin: 0 0 16px; max-width: 76ch; }
p, .lead, figcaption, small, summary { color: var(--soft); }
figure { margin: 0; }
figcaption { font-size: 14px; }
svg { display: block; width: 100%; height: auto; }
code { font: 0.92em ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }

table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 10px 14px; text-align: right; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; font-weight: 600; padding-left: 0; }
thead th { color: var(--soft); font-size: 14px; font-weight: 600; white-space: nowrap; }
.measures { width: 100%; margin-top: 20px; }
.measures th[scope='row'] { font-size: 18px; }
.measures td { font-size: 24px; white-space: nowrap; }
.measures small { display: block; font-size: 14px; }
.notes { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 40px; margin: 14px 0 0; font-size: 14px; line-height: 1.45; }
.notes dt { font-weight: 600; }
.notes dd { margin: 0; color: var(--soft); }
.facts { display: grid; gap: 4px; margin: 10px 0 0; font-size: 15px; }
.facts div { display: grid; grid-template-columns: 110px 1fr; gap: 14px; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
td.better, .verdict.better h2 { color: var(--good); }
td.worse, .verdict.worse h2 { color: var(--bad); }
.verdict.shortcut h2 { color: var(--second); }
.verdict h2 { font-size: 24px; }
.verdict p, .verdict li { color: var(--ink); max-width: 76ch; }
.verdict ul { margin: 0 0 28px; padding-left: 22px; }

.charts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 20px; margin-top: 14px; }
.chart, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px; }
.chart figcaption { color: var(--ink); font-weight: 600; margin-bottom: 6px; }
.grid { stroke: var(--line); }
.tick { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.raw, .mean { fill: none; stroke: var(--accent); stroke-linejoin: round; }
.raw { opacity: 0.3; }
.mean { stroke-width: 2; }
.dot { fill: var(--accent); }

.pixels { image-rendering: pixelated; }
.views { display: grid; grid-template-columns: 3fr 7fr; gap: 28px; align-items: start; margin-top: 14px; }
.views figcaption { margin-top: 8px; }
.box { fill: none; stroke-width: 3; }
.one { stroke: var(--accent); }
.two { stroke: var(--second); }
.pairs { stroke-width: 0.35; }
.pairs g { stroke: hsl(var(--hue) 75% var(--lightness)); fill: hsl(var(--hue) 75% var(--lightness)); }
.pairs line { opacity: 0.75; }
.pairs circle { stroke: #fff; stroke-width: 0.25; }

.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 0 0 14px; padding: 0; list-style: none; font-size: 14px; }
.legend span, .classes span { display: inline-block; width: 13px; height: 13px; margin-right: 7px; border-radius: 3px; vertical-align: -1px; }
.pictures { display: grid; gap: 12px; }
.row { display: grid; grid-template-columns: repeat(var(--columns), 1fr); gap: 12px; align-items: start; }
.row img { display: block; width: 100%; height: auto; aspect-ratio: var(--shape); border-radius: 5px; background: var(--line); }
.row figcaption { margin-top: 3px; line-height: 1.3; font-size: 13px; }
.narrow { display: none; }
.heads { font-size: 14px; font-weight: 600; color: var(--soft); line-height: 1.3; }

details { margin-top: 28px; border-top: 1px solid var(--line); padding-top: 14px; }
.code { margin-top: 10px; padding-top: 10px; }
.code small { margin-left: 6px; font-weight: 400; }
pre { margin: 10px 0 0; padding: 12px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; font-size: 14px; line-height: 1.5; }
pre code { overflow-wrap: normal; }
summary { cursor: pointer; font-weight: 600; }
details th, details td { font-size: 14px; padding: 5px 14px 5px 0; text-align: left; }
details th { font-weight: 400; color: var(--soft); white-space: nowrap; }
details td { overflow-wrap: anywhere; }
.classes td, .classes thead th:not(:first-child) { text-align: right; overflow-wrap: normal; padding-left: 14px; }
.classes small { display: inline-block; min-width: 48px; }

@media (max-width: 700px) {
  main { padding: 24px 16px 48px; }
  h1 { font-size: 25px; }
  .charts, .views, .notes { grid-template-columns: 1fr; }
  .facts div { grid-template-columns: 1fr; gap: 0; margin-bottom: 6px; }
  .views figure:first-child svg { max-width: 240px; }
  .measures td { font-size: 18px; }
  .measures small { font-size: 12px; white-space: normal; }
  .measures th[scope='row'] { font-size: 16px; }
  .measures th, .measures td { padding: 10px 5px; }
  .measures th:first-child { padding-left: 0; }
  .pictures { gap: 26px; }
  .row { grid-template-columns: repeat(3, 1fr); gap: 8px; }
  .row figcaption { font-size: 12px; }
  .narrow { display: inline; }
  .heads { display: none; }
  details th { white-space: normal; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc;
    --accent: #0b6bcb; --second: #b34a00; --good: #10753a; --bad: #b3261e; --lightness: 42%;
  }
  main { max-width: none; padding: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  pre { white-space: pre-wrap; }
  h2, summary { break-after: avoid; }
  .charts, .row, .views figure, .facts div, .notes div, tr, pre { break-inside: avoid; }
}
`)
