// browser.mjs -- a headless Chromium for tests that look at reports, and results as TAP.
//
// The arguments are those of pages.mjs.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

export const [modules, executablePath, pages, screenshots] = process.argv.slice(2);
const { chromium } = await import(join(modules, "playwright-core/index.mjs"));

const PATIENCE = 240_000; // ms; machines are busy
let number = 0;
export function ok(good, name, ...why) {
  console.log(`${good ? "ok" : "not ok"} ${++number} - ${name}`);
  if (!good) for (const line of why) console.log(`# ${String(line).slice(0, 2000)}`);
}
export function is(got, wanted, name) {
  ok(got === wanted, name, `got:    ${got}`, `wanted: ${wanted}`);
}

export const browser = await chromium.launch({
  executablePath,
  timeout: PATIENCE,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page that tells what went wrong, and where it tried to go.  `headers`: as a server would send it
 * with them. */
export async function open(file, { headers, hash = "", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const trouble = [];
  const address = headers ? "http://jenkins.invalid/report.html" : `file://${file}`;
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => request.url() !== address + hash && request.url() !== address && trouble.push(request.url()));
  if (headers) await page.route("**/*", (route) => route.fulfill({ contentType: "text/html", headers, body: readFileSync(file) }));
  await page.goto(address + hash);
  if (!headers && options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]", { state: "attached" }).catch((error) => trouble.push(error.message));
  return { page, trouble };
}

/** Pixels beyond the right edge, once the page has taken the window's width. */
export async function overflow(page) {
  const beyond = () => document.documentElement.scrollWidth - innerWidth;
  await page.waitForFunction(`(${beyond})() === 0`, null, { timeout: 60_000 }).catch(() => {});
  return page.evaluate(beyond);
}

/** WCAG's contrast of two colours as the browser computes them: rgb(…), color(srgb …). */
function contrast(a, b) {
  const luminance = (color) => {
    const most = color.startsWith("color(") ? 1 : 255; // color(srgb 0.5 0.5 1)
    const [red, green, blue] = color.match(/[\d.]+/g).map((n) => (n / most <= 0.03928 ? n / most / 12.92 : ((n / most + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Of elements with text: the lowest contrast to the paper. */
export async function leastContrast(page) {
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

/** The page again, with other data for its script; they are what the C side would have written. */
export function doctor(file, change) {
  const html = readFileSync(file, "utf8");
  const doctored = html.replace(/(<script type="application\/gzip" id="data">)([^<]*)/, (_, begin, packed) => {
    const data = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString());
    change(data);
    return begin + gzipSync(JSON.stringify(data)).toString("base64");
  });
  const path = join(pages, `doctored-${basename(file)}.tmp.html`);
  writeFileSync(path, doctored);
  return path;
}

export const axe = readFileSync(join(modules, "axe-core/axe.min.js"), "utf8");

/** What axe finds that is serious; `rules`: only by these. */
export async function violations(page, rules) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
  const found = await page.evaluate(async (options) => (await globalThis.axe.run(document, options)).violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.length} × ${v.nodes[0].html}`), options);
  return found.join("\n");
}

export async function finish() {
  await browser.close();
  console.log(`1..${number}`);
}
