# web.mk -- style and script of the HTML report, bundled by esbuild; included by the Makefile.
#
# Where there is no npm, or no registry, the command is built without them, and says so when asked for
# HTML.  One bundle serves all builds.

WEB := $(CURDIR)/build/web
WEB_SRC := $(wildcard analyzer/web/src/*) $(wildcard analyzer/web/*.json)
ESBUILD := node_modules/.bin/esbuild src/main.ts --bundle --minify --target=es2022 --charset=utf8 --format=iife

# An empty one is made again as soon as there is an npm.
WEB_AGAIN := $(shell test -e $(WEB)/report.js && ! test -s $(WEB)/report.js && command -v npm)
$(WEB)/report.js: $(WEB_SRC) $(if $(WEB_AGAIN),FORCE)
	@rm -rf $(WEB)/src && mkdir -p $(WEB) && cp -r analyzer/web/. $(WEB)
	$(call say,WEB,$@)cd $(WEB) && { npm ci --prefer-offline --no-audit --no-fund --omit=dev --ignore-scripts >npm.log 2>&1 && \
		$(ESBUILD) --log-level=warning --outfile=report.js; } || { \
		echo "  no npm, or no packages (see build/web/npm.log): built without report --format=html"; \
		: >report.js; : >report.css; }

# `make web-check`: types, with the compiler that the lock file names, which brings what the tests
# need, too; making the bundle anew takes it away again.
.PHONY: web-check FORCE
web-check: $(WEB)/report.js
	@cd $(WEB) && flock .lock sh -c '[ -e node_modules/axe-core/axe.min.js ] || \
		npm ci --prefer-offline --no-audit --no-fund --ignore-scripts >npm.log 2>&1' && node_modules/.bin/tsc --noEmit

.PHONY: web-cases
web-cases: tests ## pages of Lucene and other real programs, in a browser: screenshots to be looked at
	@LEAKRING_BUILD=$(abspath $(BUILD)) MAKEFLAGS= tests/run tests/web/cases.sh

$(BUILD)/analyzer/html/html_web.c.o: $(WEB)/report.js
$(BUILD)/analyzer/html/html_web.c.o: CPPFLAGS += -DLR_WEB='"$(WEB)"'
