// pages.mjs -- opens reports in headless Chromium and looks at them; prints TAP.
//
//     node pages.mjs PLAYWRIGHT CHROMIUM PAGES SCREENSHOTS
//
// PAGES has *.html and, for what they must say, *.json of the same traces.  Run by test_html.sh.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const [playwright, executablePath, pages, screenshots] = process.argv.slice(2);
const { chromium } = await import(playwright);

const PATIENCE = 240_000; // ms; machines are busy
let number = 0;
function ok(good, name, ...why) {
  console.log(`${good ? "ok" : "not ok"} ${++number} - ${name}`);
  if (!good) for (const line of why) console.log(`# ${String(line).slice(0, 2000)}`);
}
function is(got, wanted, name) {
  ok(got === wanted, name, `got:    ${got}`, `wanted: ${wanted}`);
}

const browser = await chromium.launch({
  executablePath,
  timeout: PATIENCE,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page that tells what went wrong, and where it tried to go. */
async function open(file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const trouble = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => request.url() !== `file://${file}` && trouble.push(request.url()));
  await page.goto(`file://${file}`);
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]", { state: "attached" }).catch((error) => trouble.push(error.message));
  return { page, trouble };
}

/** Pixels beyond the right edge, once the page has taken the window's width. */
async function overflow(page) {
  const beyond = () => document.documentElement.scrollWidth - innerWidth;
  await page.waitForFunction(`(${beyond})() === 0`, null, { timeout: 60_000 }).catch(() => {});
  return page.evaluate(beyond);
}

/** WCAG's contrast of two colours as the browser computes them: rgb(…). */
function contrast(a, b) {
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\d.]+/g).map((n) => (n / 255 <= 0.03928 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Of elements with text: the lowest contrast to the paper. */
async function leastContrast(page) {
  const colors = await page.evaluate(() => {
    const paper = (at) => {
      for (; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if (!color.startsWith("rgba(0, 0, 0, 0)") && color !== "transparent") return color;
      }
      return "rgb(255, 255, 255)";
    };
    return [...document.querySelectorAll("h1, h2, p, td, th, code, a, summary, dt, dd, li, .word, .frame")].map((e) => [getComputedStyle(e).color, paper(e), e.className, e.tagName]);
  });
  return Math.min(...colors.map(([ink, paper]) => contrast(ink, paper)));
}

async function everyPage(name, file, report) {
  const { page, trouble } = await open(file);
  is(trouble.join("; "), "", `${name}: no error, and nothing is fetched`);
  const heading = await page.locator("h1").innerText();
  ok(heading.includes(report.verdict.summary.slice(0, 60)), `${name}: the verdict comes first`, heading);
  is(await overflow(page), 0, `${name}: nothing is cut off at 1400 pixels`);
  ok((await leastContrast(page)) >= 4.5, `${name}: readable in light colours`, await leastContrast(page));
  await page.screenshot({ path: join(screenshots, `${name}-1400.png`), fullPage: true });
  await page.setViewportSize({ width: 400, height: 800 });
  is(await overflow(page), 0, `${name}: nothing is cut off at 400 pixels`);
  await page.screenshot({ path: join(screenshots, `${name}-400.png`), fullPage: true });
  await page.context().close();
  const dark = await open(file, { colorScheme: "dark" });
  ok((await leastContrast(dark.page)) >= 4.5, `${name}: readable in dark colours`, await leastContrast(dark.page));
  await dark.page.screenshot({ path: join(screenshots, `${name}-dark.png`), fullPage: true });
  await dark.page.context().close();
}

/** What remains where scripts and styles are forbidden. */
async function withoutScripts(name, file, report) {
  const { page, trouble } = await open(file, { javaScriptEnabled: false });
  const text = await page.locator("body").innerText();
  is(trouble.filter((t) => t.startsWith("http")).join("; "), "", `${name}: without scripts: nothing is fetched`);
  const wanted = [report.verdict.summary.slice(0, 60), ...report.pairs.flatMap((p) => p.sites.filter((s) => s.class === "leak" && s.culprit).map((s) => s.culprit.function)), report.completeness.verdict, ...report.ledger.filter((l) => l.bytes).map((l) => l.name)];
  const missing = wanted.filter((w) => !text.includes(w));
  is(missing.join("; "), "", `${name}: without scripts: verdict, culprits, ledger and completeness are there`);
  is(await page.locator("#chart svg").count() > 0, (report.series.time_s ?? []).length > 1, `${name}: without scripts: the chart is drawn`);
  await page.emulateMedia({ media: "print" });
  ok(await page.locator("h1").isVisible(), `${name}: printable`);
  await page.context().close();
}

async function flameGraph(file) {
  const { page } = await open(file);
  const frames = page.locator(".flame .frame");
  const all = await frames.count();
  ok(all > 10, "flame graph: frames are drawn", all);
  await page.fill("#flame input[type=search]", "leakInflater");
  ok((await page.locator(".flame .frame.hit").count()) > 0, "flame graph: the search marks what it finds");
  ok(/found: .* %/.test(await page.locator("#flame [role=status]").innerText()), "flame graph: the search says how much that is");
  await page.fill("#flame input[type=search]", "(");
  is(await page.locator(".flame .frame.hit").count(), 0, "flame graph: half a regular expression finds nothing");
  await page.fill("#flame input[type=search]", "");
  const narrow = page.locator(".flame .frame.java", { hasText: "leakDirect" }).first();
  const before = await narrow.evaluate((e) => e.getBoundingClientRect().width);
  await narrow.click();
  const after = await page.locator(".flame .frame.java:not(.out)", { hasText: "leakDirect" }).first().evaluate((e) => e.getBoundingClientRect().width);
  ok(after > before * 1.5, "flame graph: a click zooms", before, after);
  await page.keyboard.press("Escape");
  is(await frames.count(), all, "flame graph: Escape shows all again");
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-level"));
  is(await focused(), "2", "flame graph: the arrow down goes to a callee");
  await page.keyboard.press("ArrowUp");
  is(await focused(), "1", "flame graph: the arrow up goes back");
  await page.locator("#flame select").nth(1).selectOption("java.util.zip.Inflater");
  const names = await frames.allInnerTexts();
  ok(names.some((n) => n.includes("leakInflater")) && !names.some((n) => n.includes("leakDirect")), "flame graph: filtered by kind");
  await page.locator("#flame select").nth(1).selectOption("");
  await page.locator("#flame select").nth(0).selectOption("count");
  ok(!/ [kM]?B/.test(await page.locator("#flame .detail").innerText()), "flame graph: counts have no bytes");
  await page.context().close();
}

async function chart(file) {
  const { page } = await open(file);
  const shown = async () => (await page.locator("#chart [tabindex='0']").getAttribute("data-shown")).split(" ").map(Number);
  const span = ([from, to]) => to - from;
  is(await page.locator("#chart canvas").count(), 1, "chart: drawn by the script");
  const plain = await open(file, { javaScriptEnabled: false });
  is(await plain.page.locator("#chart line.mark").count(), 1, "chart: without scripts: a mark is drawn");
  ok((await plain.page.locator("#chart svg").first().textContent()).includes("warm <b>"), "chart: without scripts: with its name");
  await plain.page.context().close();
  const whole = await shown();
  await page.locator("#chart [tabindex='0']").focus();
  await page.keyboard.press("+");
  ok(span(await shown()) < span(whole) * 0.6, "chart: + zooms in", await shown());
  await page.keyboard.press("ArrowRight");
  ok((await shown())[0] > whole[0] + span(whole) / 4, "chart: the arrow moves", await shown());
  await page.keyboard.press("0");
  is(span(await shown()), span(whole), "chart: 0 shows all");
  const box = await page.locator("#chart .u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  ok(span(await shown()) < span(whole) * 0.5, "chart: dragging zooms in", await shown());
  await page.context().close();
}

async function filters(file) {
  const { page } = await open(file);
  const rows = page.locator("#places tbody tr");
  const all = await rows.count();
  await page.locator("#sites input[type=search]").fill("leakdirect");
  const visible = await rows.evaluateAll((list) => list.filter((row) => row.offsetParent).map((row) => row.innerText));
  ok(visible.length > 0 && visible.length < all && visible.every((t) => /leakdirect/i.test(t)), "places: the filter hides the other rows", visible.length, all);
  await page.goto(`file://${file}#culprit-1`);
  ok(await page.locator("#culprit-1").isVisible(), "a link leads to each culprit");
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
  ok(/smaller places .* not in this table/.test(await page.locator("#sites .rest").innerText()), "5,000 places: what is left out of the table is said");
  await page.context().close();
}

for (const file of readdirSync(pages).filter((f) => f.endsWith(".html")).sort()) {
  const name = basename(file, ".html");
  const path = join(pages, file);
  const report = JSON.parse(readFileSync(join(pages, `${name}.json`), "utf8"));
  await everyPage(name, path, report);
  await withoutScripts(name, path, report);
  if (name !== "many") ok(statSync(path).size < 1 << 20, `${name}: under 1 MB`, statSync(path).size);
}
await flameGraph(join(pages, "service.html"));
await chart(join(pages, "service.html"));
await filters(join(pages, "service.html"));
await hostile(join(pages, "hostile.html"));
await many(join(pages, "many.html"));
await browser.close();
console.log(`1..${number}`);
