# install.mk -- install, uninstall and the relocatable tarball; included by the Makefile.

MAN_PAGES := $(wildcard docs/man/*.[1-9])
DOC_FILES := README.md CHANGELOG.md LICENSE docs/TUTORIAL.md share/leakring/jdk.supp $(wildcard share/leakring/ci/*)
# Shell completion is made from the command's own help.
BASH_COMPLETION := share/bash-completion/completions/leakring
ZSH_COMPLETION := share/zsh/site-functions/_leakring
$(BUILD)/completion/%: $(BUILD)/leakring tools/completion
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/completion $(if $(filter _%,$*),zsh,bash) $< >$@.part && mv $@.part $@

man_target = $(DESTDIR)$(mandir)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))

.PHONY: install
install: all $(COMPLETION) ## install below DESTDIR and prefix (/usr/local)
	@install -d $(DESTDIR)$(bindir) $(DESTDIR)$(pkglibdir) $(DESTDIR)$(docdir)
	@install -m 755 $(BUILD)/leakring $(DESTDIR)$(bindir)/leakring
	@install -m 755 $(BUILD)/libleakring.so $(DESTDIR)$(pkglibdir)/libleakring.so
	@install -m 644 $(DOC_FILES) $(DESTDIR)$(docdir)
	@install -D -m 644 $(BUILD)/completion/leakring.bash $(DESTDIR)$(prefix)/$(BASH_COMPLETION)
	@install -D -m 644 $(BUILD)/completion/_leakring $(DESTDIR)$(prefix)/$(ZSH_COMPLETION)
	@install -D -m 644 include/leakring/leakring.h $(DESTDIR)$(includedir)/leakring/leakring.h
	@$(foreach page,$(MAN_PAGES),install -D -m 644 $(page) $(call man_target,$(page)) &&) true
	@echo "Installed below $(DESTDIR)$(prefix)"

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(bindir)/leakring $(DESTDIR)$(pkglibdir)/libleakring.so
	rm -f $(DESTDIR)$(includedir)/leakring/leakring.h
	rm -f $(DESTDIR)$(prefix)/$(BASH_COMPLETION) $(DESTDIR)$(prefix)/$(ZSH_COMPLETION)
	rm -f $(addprefix $(DESTDIR)$(docdir)/,$(notdir $(DOC_FILES)))
	rm -f $(foreach page,$(MAN_PAGES),$(call man_target,$(page)))
	-rmdir $(DESTDIR)$(includedir)/leakring $(DESTDIR)$(pkglibdir) $(DESTDIR)$(docdir) 2>/dev/null

# The tarball's command is linked statically, so that it runs where neither our libraries nor our
# C library are: an older distribution, Alpine, a distroless image.  The library needs glibc >= 2.17
# of the target and nothing else.
ARCH := $(shell uname -m)
DIST := leakring-$(VERSION)-linux-$(ARCH)
DIST_DIR := $(BUILD)/dist/$(DIST)
STATIC_LIBS = $(shell $(PKG_CONFIG) --static --libs $(ANALYZER_PKGS)) -liberty -lm
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

# libdw's debuginfod client is reached by dlopen; the linker's warning about that is expected.
$(BUILD)/dist/leakring: $(ANALYZER_OBJ)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -static -Wl,-u,lzma_stream_buffer_decode $(LDFLAGS) -o $@ $(ANALYZER_OBJ) $(STATIC_LIBS) 2>$@.log || { cat $@.log >&2; \
		echo "make dist: no static link here.  Debian 12 has what it takes; the libelf.a of Debian 13 lacks symbols." >&2; exit 1; }
	@grep -v -e "statically linked applications requires" -e "in function" $@.log >&2 || true

.PHONY: sbom reproducible
sbom: all ## what the command and the library are made of: versions, licences (SPDX)
	@tools/sbom $(BUILD) $(VERSION)

reproducible: ## build twice, in two places: are both the same?
	@tools/reproducible

.PHONY: dist dist-page
dist: dist-page $(BUILD)/$(DIST).tar.gz ## one relocatable tarball: command, library, man pages, licence

# What is released has the page's script in it.
dist-page: $(WEB)/report.js
	@[ -s $(WEB)/report.js ] || [ "$(HTML)" = no ] || { \
		echo "make dist: no Node.js, so no report --format=html (see build/web/npm.log); HTML=no leaves it out" >&2; exit 1; }

# Third-party licences: what is linked into the command (elfutils, json-c, libiberty, zlib, …).
$(BUILD)/$(DIST).tar.gz: $(BUILD)/dist/leakring $(BUILD)/libleakring.so $(MAN_PAGES) $(DOC_FILES) $(COMPLETION)
	@rm -rf $(DIST_DIR)
	@install -d $(DIST_DIR)/bin $(DIST_DIR)/lib/leakring $(DIST_DIR)/share/doc/leakring/third-party
	@install -m 755 -s $(BUILD)/dist/leakring $(DIST_DIR)/bin/leakring
	@install -m 755 $(BUILD)/libleakring.so $(DIST_DIR)/lib/leakring/libleakring.so
	@strip --strip-debug $(DIST_DIR)/lib/leakring/libleakring.so
	@install -m 644 $(DOC_FILES) $(DIST_DIR)/
	@install -D -m 644 $(BUILD)/completion/leakring.bash $(DIST_DIR)/$(BASH_COMPLETION)
	@install -D -m 644 $(BUILD)/completion/_leakring $(DIST_DIR)/$(ZSH_COMPLETION)
	@$(foreach page,$(MAN_PAGES),install -D -m 644 $(page) \
		$(DIST_DIR)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)) &&) true
	@for package in libdw-dev libjson-c-dev libncurses-dev libinih-dev libiberty-dev zlib1g-dev liblzma-dev libbz2-dev libzstd-dev libc6-dev; do \
		file=/usr/share/doc/$$package/copyright; \
		[ ! -e $$file ] || install -m 644 $$file $(DIST_DIR)/share/doc/leakring/third-party/$$package; \
	done
	@tar -C $(BUILD)/dist --sort=name --owner=0 --group=0 --numeric-owner \
		--mtime=@$(SOURCE_DATE_EPOCH) -czf $@ $(DIST)
	@echo "Wrote $@"
