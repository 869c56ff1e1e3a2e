// places.mjs -- the tables of places in a browser: filter, more rows, stacks, links.
import { is, ok, open } from "./browser.mjs";

const visible = (rows) => rows.evaluateAll((list) => list.filter((row) => row.offsetParent).map((row) => row.id));

export async function places(file, report) {
  const { page } = await open(file);
  const rows = page.locator("#places tbody tr");
  const all = (await visible(rows)).length;
  await page.locator("#sites input[type=search]").fill("leakdirect");
  const left = await visible(rows);
  const wanted = report.sites.filter((site) => /leakdirect/i.test(JSON.stringify(site.stack))).map((site) => `site-${site.id}`);
  is(left.join(), wanted.join(), "places: the filter leaves those with that name in their stack, wherever they are");
  await page.locator("#sites input[type=search]").fill("");
  is((await visible(rows)).length, all, "places: without it they are back");
  await page.locator("#sites > button").click();
  ok((await visible(rows)).length > all, "places: more are shown on request");
  const stacked = new Set(report.sites.filter((site) => site.stack.length > 0).map((site) => `site-${site.id}`));
  const last = (await visible(rows)).filter((id) => stacked.has(id)).at(-1);
  const unfolded = page.locator(`[id="${last}"] details`).last();
  await unfolded.locator("summary").click();
  ok((await unfolded.locator("li").count()) > 0, "places: each has its stack");
  await page.context().close();
}

/** Those that found no room in the page's table. */
export async function rest(file, report) {
  const plain = await open(file, { javaScriptEnabled: false });
  const written = await plain.page.locator("#places tbody tr").count();
  await plain.page.context().close();
  const { id } = report.sites[written + 700];
  const { page } = await open(file, { hash: `#site-${id}` });
  const row = page.locator(`#site-${id}`);
  ok(await row.isVisible(), "5,000 places: a link leads to a place that isn't in the page's table", written);
  ok(await row.evaluate((e) => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().top < innerHeight), "5,000 places: and scrolls there");
  await page.locator("#sites input[type=search]").fill("many_stacks.c");
  const said = await page.locator("#sites [role=status]").innerText();
  ok(/^5,\d\d\d of 5,\d\d\d, the first 200 are shown$/.test(said), "5,000 places: the filter finds them all", said);
  await page.context().close();
}

export async function links(file) {
  const { page } = await open(file, { hash: "#culprit-1" });
  ok(await page.locator("#culprit-1").isVisible(), "a link leads to each culprit");
  const targets = await page.locator("a[href^='#']").evaluateAll((list) => list.map((a) => a.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id)));
  is(targets.join(), "", "links: all lead somewhere");
  const parts = await page.locator("main > section").evaluateAll((list) => list.filter((s) => !s.querySelector(`h2 a.link[href='#${s.id}']`)).map((s) => s.id));
  is(parts.join(), "", "links: each part has one of its own");
  is(await page.locator("#pairs tbody tr:not(.sum)").evaluateAll((list) => list.filter((r) => !r.id || !r.querySelector(`a.link[href='#${r.id}']`)).length), 0, "links: so has each place of a pair");
  const link = page.locator("#places tbody tr a.link").first();
  await link.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".copied").textContent !== "");
  is(await page.locator(".copied").innerText(), "Link copied", "links: Enter copies the address");
  is(await page.evaluate(() => location.hash), await link.getAttribute("href"), "links: and goes there");
  await page.context().close();
}
