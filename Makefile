# leakring: make help lists the targets.  GNU make, a C compiler and pkg-config; no configure step.

VERSION := 0.1.0
prefix ?= /usr/local
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libdir ?= $(exec_prefix)/lib
mandir ?= $(prefix)/share/man
includedir ?= $(prefix)/include
docdir ?= $(prefix)/share/doc/leakring
pkglibdir ?= $(libdir)/leakring

CC ?= cc
BUILD ?= build
# V=1 prints whole commands.
ifeq ($(V),)
say = @printf '  %-4s %s\n' $(1) $(2);
endif
PKG_CONFIG ?= pkg-config
# Where jvmti.h is: JAVA_HOME, else the JDK that `javac` belongs to.
JAVA_HOME ?= $(shell java=$$(command -v javac || command -v java) && readlink -f "$$java" | sed 's,/[^/]*/[^/]*$$,,')

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
COMMON := -std=gnu11 $(WARNINGS) -Iinclude -DLEAKRING_VERSION='"$(VERSION)"' -D_GNU_SOURCE
# Where it was built stays out of what is built.
REPRODUCIBLE := -ffile-prefix-map=$(CURDIR)=.
JNI_INCLUDE := -isystem $(JAVA_HOME)/include -isystem $(JAVA_HOME)/include/linux

# Headers have unique names (make check-layers), so an include names no folder.
PRELOAD_INCLUDE := $(patsubst %/,-I%,$(wildcard preload/*/))
ANALYZER_INCLUDE := $(patsubst %/,-I%,$(wildcard analyzer/*/))

# The preload: position independent, frame pointers kept (LR_CALLER_REGS needs them), nothing
# exported but what is interposed, no stack protector or fortify on the hot path.
PRELOAD_CFLAGS := $(COMMON) $(REPRODUCIBLE) -fPIC -fvisibility=hidden -fno-omit-frame-pointer -fexceptions \
	-fno-stack-protector -U_FORTIFY_SOURCE -ftls-model=initial-exec -fcf-protection=full \
	-fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc $(PRELOAD_INCLUDE)
PRELOAD_LDFLAGS := -shared -nostartfiles -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack \
	-Wl,--no-undefined -Wl,-Bsymbolic -Wl,-soname,libleakring.so -Wl,--hash-style=both
ifeq ($(shell uname -m),aarch64)
PRELOAD_CFLAGS := $(filter-out -fcf-protection=full,$(PRELOAD_CFLAGS)) -mbranch-protection=standard
endif

# The command reads what others made, so it is hardened as distributions harden theirs (the library
# is where the hot path allows: above).
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE $(if $(filter -O1 -O2 -O3 \
	-Os,$(CFLAGS)),$(if $(findstring -fsanitize,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDENING_LDFLAGS := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
ifeq ($(shell uname -m),x86_64)
HARDENING += -fcf-protection=full
endif

ANALYZER_PKGS := libelf libdw json-c inih ncursesw
ANALYZER_CFLAGS := $(COMMON) $(REPRODUCIBLE) $(HARDENING) $(ANALYZER_INCLUDE) $(shell $(PKG_CONFIG) --cflags $(ANALYZER_PKGS) 2>/dev/null)
ANALYZER_LIBS := $(shell $(PKG_CONFIG) --libs $(ANALYZER_PKGS) 2>/dev/null) -liberty -lz -lm

PRELOAD_SRC := $(wildcard preload/*/*.c preload/*/*.S)
ANALYZER_SRC := $(wildcard analyzer/*.c analyzer/*/*.c)
PRELOAD_OBJ := $(patsubst %,$(BUILD)/%.o,$(PRELOAD_SRC))
ANALYZER_OBJ := $(patsubst %,$(BUILD)/%.o,$(ANALYZER_SRC))

.PHONY: all
all: $(BUILD)/libleakring.so $(BUILD)/leakring ## build the library and the command

$(BUILD)/libleakring.so: $(PRELOAD_OBJ)
	$(call say,LD,$@)$(CC) $(PRELOAD_LDFLAGS) $(LDFLAGS) -o $@ $(PRELOAD_OBJ)

$(BUILD)/leakring: $(ANALYZER_OBJ)
	$(call say,LD,$@)$(CC) $(HARDENING_LDFLAGS) $(LDFLAGS) -o $@ $(ANALYZER_OBJ) $(ANALYZER_LIBS)

# Only the bridge sees jvmti.h.
$(BUILD)/preload/jvm/%.c.o: PRELOAD_CFLAGS += $(JNI_INCLUDE)

$(BUILD)/preload/%.o: preload/%
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(PRELOAD_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/analyzer/suppress/suppress_load.c.o: share/leakring/jdk.supp

$(BUILD)/analyzer/%.o: analyzer/%
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(ANALYZER_CFLAGS) -MMD -MP -c -o $@ $<

-include $(PRELOAD_OBJ:.o=.d) $(ANALYZER_OBJ:.o=.d)

.PHONY: demo
demo: ## install what is missing, then leak in Java, kill it, and show the report
	@tools/install-deps --build
	@$(MAKE) --no-print-directory all
	@LEAKRING_BUILD=$(abspath $(BUILD)) tools/demo

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-clang

COMPLETION := $(BUILD)/completion/leakring.bash $(BUILD)/completion/_leakring

include mk/web.mk mk/test.mk mk/soak.mk mk/install.mk

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'
