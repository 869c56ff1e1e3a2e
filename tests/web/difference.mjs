// difference.mjs -- pages with a baseline: the verdict, the table, the differential flame graph.
import { is, leastContrast, ok, open, overflow, screenshots, violations } from "./browser.mjs";
import { join } from "node:path";

const change = (page, name) =>
  page
    .locator(".flame .frame.change", { hasText: name })
    .first()
    .evaluate((e) => [e.className.replace(/^.*change /, ""), e.textContent.slice(0, 1), e.getAttribute("aria-label")]);

async function looks(page, trouble, name) {
  is(trouble.join("; "), "", `${name}: no error, and nothing is fetched`);
  is(await overflow(page), 0, `${name}: nothing is cut off at 1400 pixels`);
  ok((await leastContrast(page)) >= 4.5, `${name}: readable`, await leastContrast(page));
  is(await violations(page), "", `${name}: accessible, as axe sees it`);
  await page.screenshot({ path: join(screenshots, `${name}-1400.png`), fullPage: true });
  await page.setViewportSize({ width: 400, height: 800 });
  is(await overflow(page), 0, `${name}: nothing is cut off at 400 pixels`);
  await page.screenshot({ path: join(screenshots, `${name}-400.png`), fullPage: true });
  await page.setViewportSize({ width: 1400, height: 1000 });
}

/** The service forgets more, less (the other way round), and a report with a baseline. */
export async function difference(more, less, report) {
  const grown = await open(more);
  ok(/^REGRESSION: of all places .*grown/.test(await grown.page.locator("h1").textContent()), "difference: its verdict comes first", await grown.page.locator("h1").textContent());
  const row = await grown.page.locator("#changes tr", { hasText: "leakInflater" }).first().innerText();
  ok(/grown/.test(row) && /\+\d/.test(row), "difference: the table says what grew, and by how much", row);
  const up = await change(grown.page, "leakInflater");
  ok(up[0] === "grown" && up[1] === "▲" && /\+.* \(from .* to .*\)/.test(up[2]), "difference: the flame graph has it, coloured and marked", up);
  const classes = grown.page.locator("#flame label", { hasText: /^class/ }).locator("select");
  ok(await classes.isDisabled(), "difference: what the baseline doesn't know can't be chosen");
  await grown.page.locator("#flame select").first().selectOption("live");
  ok(!(await classes.isDisabled()), "difference: of the run alone it can");
  is(await grown.page.locator(".flame .frame.change").count(), 0, "difference: and nothing is coloured");
  await grown.page.locator("#flame select").first().selectOption("diff-live");
  await looks(grown.page, grown.trouble, "diff");
  await grown.page.context().close();

  const shrunk = await open(less);
  ok(/^IMPROVEMENT/.test(await shrunk.page.locator("h1").textContent()), "difference the other way round: an improvement", await shrunk.page.locator("h1").textContent());
  const down = await change(shrunk.page, "leakInflater");
  ok(down[0] === "shrunk" && down[1] === "▼", "difference the other way round: the flame graph has it", down);
  const colors = await Promise.all(["grown", "shrunk"].map((kind) => shrunk.page.evaluate((kind) => {
    const probe = Object.assign(document.createElement("div"), { className: `frame native change ${kind}` });
    document.querySelector(".flame").append(probe);
    const color = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return color;
  }, kind)));
  ok(colors[0] !== colors[1], "difference: more and less differ in colour", ...colors);
  await shrunk.page.context().close();

  const whole = await open(report);
  const heading = await whole.page.locator("h1").textContent();
  ok(/^LEAK: /.test(heading), "report with a baseline: the run's verdict comes first", heading);
  ok(/: compared with the baseline: of all places/.test(await whole.page.locator("header p.sentence").textContent()), "report with a baseline: then the difference's");
  is(await whole.page.locator("#difference").count(), 1, "report with a baseline: and its part");
  await whole.page.context().close();
}
