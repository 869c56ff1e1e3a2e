// pages.mjs -- opens reports in headless Chromium and looks at them; prints TAP.
//
//     node pages.mjs MODULES CHROMIUM PAGES SCREENSHOTS
//
// MODULES is a node_modules with playwright-core and axe-core.  PAGES has *.html and, for what they
// must say, *.json of the same traces.  Run by test_html.sh.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { finish, is, leastContrast, ok, open, overflow, pages, screenshots, violations } from "./browser.mjs";
import { chart } from "./chart.mjs";
import { difference } from "./difference.mjs";
import { filtersOfGraph, flameGraph } from "./flame.mjs";
import { links, places } from "./places.mjs";

async function everyPage(name, file, report) {
  const { page, trouble } = await open(file);
  is(trouble.join("; "), "", `${name}: no error, and nothing is fetched`);
  const heading = await page.locator("h1").innerText();
  ok(heading.includes(report.verdict.summary.slice(0, 60)), `${name}: the verdict comes first`, heading);
  is(await overflow(page), 0, `${name}: nothing is cut off at 1400 pixels`);
  ok((await leastContrast(page)) >= 4.5, `${name}: readable in light colours`, await leastContrast(page));
  is(await violations(page), "", `${name}: accessible, as axe sees it`);
  await page.screenshot({ path: join(screenshots, `${name}-1400.png`), fullPage: true });
  await page.setViewportSize({ width: 400, height: 800 });
  is(await overflow(page), 0, `${name}: nothing is cut off at 400 pixels`);
  const cut = await page.locator(".wide").evaluateAll((list) => list.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `${e.parentElement.id} ${e.scrollWidth - e.clientWidth}`));
  is(cut.join(", "), "", `${name}: at 400 pixels the tables need no scrolling sideways`);
  await page.screenshot({ path: join(screenshots, `${name}-400.png`), fullPage: true });
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 794, height: 1123 });
  is(await overflow(page), 0, `${name}: nothing is cut off on paper`);
  is(await page.locator("nav, button, .flame, canvas").evaluateAll((list) => list.filter((e) => e.offsetParent).length), 0, `${name}: on paper there is nothing to press`);
  await page.screenshot({ path: join(screenshots, `${name}-print.png`), fullPage: true });
  await page.emulateMedia({ media: "screen", colorScheme: "dark" });
  await page.setViewportSize({ width: 1400, height: 1000 });
  ok((await leastContrast(page)) >= 4.5, `${name}: readable in dark colours`, await leastContrast(page));
  is(await violations(page, ["color-contrast"]), "", `${name}: dark colours are as axe wants them`);
  await page.screenshot({ path: join(screenshots, `${name}-dark.png`), fullPage: true });
  await page.context().close();
}

/** As Jenkins serves artefacts: neither scripts nor styles. */
const JENKINS = { "Content-Security-Policy": "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';" };

async function withoutScripts(name, file, report) {
  const { page } = await open(file, { headers: JENKINS });
  const text = await page.locator("body").innerText();
  const leaks = report.pairs.flatMap((p) => p.sites.filter((s) => s.class === "leak" && s.culprit).map((s) => s.culprit.function));
  const places = report.sites.slice(0, 5).flatMap((s) => s.culprit?.function ?? []);
  const wanted = [report.verdict.summary.slice(0, 60), ...leaks, ...places, report.completeness.verdict, ...report.ledger.filter((l) => l.bytes).map((l) => l.name)];
  is(wanted.filter((w) => !text.includes(w)).join("; "), "", `${name}: as Jenkins shows it: verdict, culprits, places, ledger and completeness are there`);
  is(await page.evaluate(() => getComputedStyle(document.querySelector("h1")).fontFamily.includes("sans-serif")), false, `${name}: as Jenkins shows it: without the style`);
  const curve = ["rss", "live_bytes", "java_heap_size"].some((name) => (report.series[name] ?? []).some((v) => v > 0));
  is((await page.locator("#chart svg").count()) > 0, curve && report.series.time_s.length > 1, `${name}: as Jenkins shows it: the chart is drawn`);
  is(await page.locator("#chart path, .spark path").evaluateAll((list) => list.filter((e) => getComputedStyle(e).fill !== "none" || getComputedStyle(e).stroke === "none").length), 0, `${name}: as Jenkins shows it: curves are lines, no areas`);
  await page.screenshot({ path: join(screenshots, `${name}-jenkins.png`), fullPage: true });
  await page.context().close();
}

/** Names of markup, of quotes, of other directions of writing: all are only text. */
async function hostile(file) {
  const { page, trouble } = await open(file);
  is(trouble.join("; "), "", "hostile names: no error");
  is(await page.locator("script").count(), 2, "hostile names: no script but ours");
  is(await page.locator("img, iframe, object, link, base, form, [onclick], [onerror], [onload]").count(), 0, "hostile names: no element or handler of theirs");
  const source = readFileSync(file, "utf8");
  ok(!/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(source), "hostile names: nothing turns the direction of writing");
  // eslint-disable-next-line no-control-regex
  ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(source), "hostile names: no control characters");
  ok((await page.locator("body").innerText()).includes("<script>"), "hostile names: shown as they are");
  await page.context().close();
}

/** Five thousand places. */
async function many(file) {
  const before = performance.now();
  const { page } = await open(file);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1);
  console.log(`# 5,000 places: ${statSync(file).size} bytes, first paint after ${Math.round(paint)} ms, ready after ${Math.round(performance.now() - before)} ms`);
  ok(statSync(file).size <= 3 << 20, "5,000 places: at most 3 MiB");
  ok((await page.locator(".flame .frame").count()) > 100, "5,000 places: the flame graph is drawn");
  await page.context().close();
  const plain = await open(file, { javaScriptEnabled: false });
  ok(/more places .* not in this table/.test(await plain.page.locator("#sites .rest").innerText()), "5,000 places: without scripts: what is left out of the table is said");
  await plain.page.context().close();
}

/** Nothing moves by itself, so there is nothing to be reduced. */
async function still(file) {
  const { page } = await open(file);
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((e) => getComputedStyle(e).animationName !== "none" || !/^0s/.test(getComputedStyle(e).transitionDuration)).map((e) => e.className));
  is(moving.join(", "), "", "nothing is animated");
  is(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto", "and links jump");
  await page.context().close();
}

const shown = readdirSync(pages).filter((f) => f.endsWith(".html") && !f.startsWith("diff")).sort();
for (const file of shown) {
  const name = basename(file, ".html");
  const path = join(pages, file);
  const report = JSON.parse(readFileSync(join(pages, `${name}.json`), "utf8"));
  await everyPage(name, path, report);
  await withoutScripts(name, path, report);
  if (name !== "many") ok(statSync(path).size < 1e6, `${name}: under 1 MB`, statSync(path).size);
}
const service = join(pages, "service.html");
if (shown.includes("service.html")) {
  await flameGraph(service);
  await filtersOfGraph(service);
  await chart(service);
  await places(service, JSON.parse(readFileSync(join(pages, "service.json"), "utf8")));
  await links(service);
  await still(service);
  await difference(join(pages, "diff.html"), join(pages, "diff-back.html"), join(pages, "diff-report.html"));
}
if (shown.includes("hostile.html")) await hostile(join(pages, "hostile.html"));
if (shown.includes("many.html")) {
  await many(join(pages, "many.html"));
  const { rest } = await import("./places.mjs");
  await rest(join(pages, "many.html"), JSON.parse(readFileSync(join(pages, "many.json"), "utf8")));
}
await finish();
