# test.mk -- building and running the tests; included by the Makefile.
#
# tests/unit/test_*.c       one cmocka program each, linked with the archives below
# tests/lib/*.c             helpers of the unit tests
# tests/oracle/*.c          programs that know what they leak; " * build: FLAGS" in the opening
#                           comment adds compiler and linker flags (build-so: a shared library)
# tests/fault/*.c           programs that judge traces, linked with the analyzer's archive
# tests/*/test_*.sh         TAP scripts; see tests/lib/tap.sh
# tests/suites/             other people's tests, with us and without; *.c: the manual's promises
# tests/lapse/              the library with a faster clock
# tests/run                 runs everything and counts

TEST := $(BUILD)/test
TEST_CFLAGS := $(COMMON) -DLR_SOURCE_ROOT='"$(CURDIR)"' -Wno-missing-prototypes $(PRELOAD_INCLUDE) $(ANALYZER_INCLUDE) -Itests/lib \
	$(shell $(PKG_CONFIG) --cflags cmocka $(ANALYZER_PKGS) 2>/dev/null)
TEST_LIBS := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null) $(ANALYZER_LIBS) -lz -ldl -lpthread

# Everything of the preload but what interposes: a test program must keep its own malloc.
LIBPRELOAD_OBJ := $(filter-out $(BUILD)/preload/intercept/intercept_% $(BUILD)/preload/intercept/dlsym_%,$(PRELOAD_OBJ))
LIBANALYZER_OBJ := $(filter-out $(BUILD)/analyzer/main.c.o,$(ANALYZER_OBJ))

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(patsubst tests/unit/%.c,$(TEST)/unit/%,$(UNIT_SRC))
ORACLE_SRC := $(wildcard tests/oracle/*.c tests/bench/*.c)
ORACLE := $(patsubst tests/%.c,$(TEST)/%,$(ORACLE_SRC)) \
	$(addprefix $(TEST)/bench/,churn-fp churn-lsan leak_sites-lsan) \
	$(patsubst tests/%.cc,$(TEST)/%,$(wildcard tests/oracle/*.cc))

# Questions to the manual's promises.
CONTRACTS := $(patsubst tests/%.c,$(TEST)/%,$(wildcard tests/suites/*.c)) \
	$(patsubst tests/%.cc,$(TEST)/%,$(wildcard tests/suites/*.cc))

FAULT := $(patsubst tests/%.c,$(TEST)/%,$(wildcard tests/fault/*.c))

# Sanitizers see all unit tests (address, undefined), and those of the preload that have threads (thread).
# A test is the preload's if it includes one of its headers.  Not with address: test_unwind, whose frames
# the sanitizer makes others than libunwind's, and test_unwind_limits, which copies the program's own text;
# nor any of test_unwind* with thread, which moves threads' stacks and frames.
PRELOAD_HEADERS := $(subst $(eval ) ,|,$(notdir $(wildcard preload/*/*.h)))
UNIT_PRELOAD := $(shell grep -lE '"($(PRELOAD_HEADERS))"' $(UNIT_SRC) /dev/null)
UNIT_ASAN := $(patsubst tests/unit/%.c,$(BUILD)-asan/test/unit/%,$(filter-out \
	tests/unit/test_unwind.c tests/unit/test_unwind_limits.c,$(UNIT_SRC)))
UNIT_TSAN := $(patsubst tests/unit/%.c,$(BUILD)-tsan/test/unit/%,\
	$(filter-out tests/unit/test_unwind%,$(shell grep -l pthread_create $(UNIT_PRELOAD) /dev/null)))

$(TEST)/libpreload.a: $(LIBPRELOAD_OBJ)
$(TEST)/libanalyzer.a: $(LIBANALYZER_OBJ)
$(TEST)/libtest.a: $(patsubst tests/lib/%.c,$(TEST)/lib/%.o,$(wildcard tests/lib/*.c))
$(TEST)/lib%.a:
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(TEST)/lib/%.o: tests/lib/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(TEST)/unit/%: tests/unit/%.c $(TEST)/libtest.a $(TEST)/libpreload.a $(TEST)/libanalyzer.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LDFLAGS) \
		$(TEST)/libtest.a $(TEST)/libanalyzer.a $(TEST)/libpreload.a $(TEST_LIBS) $(UNIT_LIBS)

$(TEST)/unit/test_unwind%: UNIT_LIBS = $(shell $(PKG_CONFIG) --libs libunwind)
$(TEST)/unit/test_own_memory: UNIT_LIBS = -Wl,--wrap=lr_prim_map,--wrap=lr_prim_unmap
$(TEST)/unit/test_patience: UNIT_LIBS = -Wl,--wrap=lr_prim_mono_ns
$(TEST)/unit/test_jvm%: TEST_CFLAGS += $(JNI_INCLUDE)
$(TEST)/unit/test_jvm_walk: UNIT_LIBS = -Wl,--wrap=lr_module_symbol

# Oracles are built as applications are: optimized, with unwind tables, without frame pointers.
ORACLE_FLAGS = $(shell sed -n 's/^ \* build: //p' $<)
$(TEST)/oracle/%: tests/oracle/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(JNI_INCLUDE) -g -O1 -fno-inline -o $@ $< \
		$(ORACLE_FLAGS) -lpthread
$(TEST)/suites/%: tests/suites/%.c tests/suites/contract.h
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -g -O1 -o $@ $< $(ORACLE_FLAGS) -lpthread
$(TEST)/suites/%: tests/suites/%.cc tests/suites/contract.h
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) -std=gnu++17 -Wall -Wextra -Werror -g -O1 -o $@ $< $(ORACLE_FLAGS) -lpthread
# These two are made of the preload's own files.
$(TEST)/oracle/unwind_everywhere $(TEST)/oracle/unwind_reload: $(wildcard preload/*/*.[ch])
$(TEST)/oracle/%: tests/oracle/%.cc
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) -std=gnu++17 -Wall -Wextra -Werror -g -O1 -fno-inline -o $@ $< \
		$(ORACLE_FLAGS) -lpthread
# Benchmarks: without frame pointers, with them, and with LeakSanitizer linked in.
BENCH_CC = @mkdir -p $(@D); printf '  %-4s %s\n' CC $<; $(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -g -O2 -o $@ $<
# Links what it measures.
$(TEST)/bench/stack_cost: tests/bench/stack_cost.c $(TEST)/libpreload.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -g -O2 -o $@ $< $(ORACLE_FLAGS) \
		$(TEST)/libpreload.a $(shell $(PKG_CONFIG) --libs libunwind) -lpthread
$(TEST)/bench/trends $(TEST)/bench/gate_times: $(TEST)/bench/%: tests/bench/%.c $(TEST)/libtest.a $(TEST)/libanalyzer.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Itests/lib $(ANALYZER_INCLUDE) -g -O2 -o $@ $< \
		$(TEST)/libtest.a $(TEST)/libanalyzer.a -lm
$(TEST)/bench/%: tests/bench/%.c
	$(BENCH_CC) -fomit-frame-pointer $(ORACLE_FLAGS) -lpthread
$(TEST)/bench/%-fp: tests/bench/%.c
	$(BENCH_CC) -fno-omit-frame-pointer $(ORACLE_FLAGS) -lpthread
$(TEST)/bench/%-lsan: tests/bench/%.c
	$(BENCH_CC) -fomit-frame-pointer -fsanitize=leak $(ORACLE_FLAGS) -lpthread

$(TEST)/fault/%: tests/fault/%.c $(TEST)/libanalyzer.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(LDFLAGS) \
		$(TEST)/libanalyzer.a $(TEST_LIBS)

# The library, whose own calls of the system are refused as LR_FAULT says.
FAULTY := open fallocate fs_info slurp map map_file wipe_on_fork
$(TEST)/faulty/libleakring.so: $(PRELOAD_OBJ) tests/fault/inject/faulty_prim.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(PRELOAD_CFLAGS) $(PRELOAD_LDFLAGS) $(LDFLAGS) -o $@ $^ \
		$(FAULTY:%=-Wl,--wrap=lr_prim_%)

# The library, whose clock goes faster (LR_LAPSE).
$(TEST)/lapse/libleakring.so: $(PRELOAD_OBJ) tests/lapse/lapse_prim.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(PRELOAD_CFLAGS) $(PRELOAD_LDFLAGS) $(LDFLAGS) -o $@ $^ \
		-Wl,--wrap=lr_prim_mono_ns,--wrap=lr_prim_unix_ns,--wrap=lr_prim_thread_cpu_ns,--wrap=lr_prim_wait

-include $(UNIT:%=%.d) $(wildcard $(TEST)/lib/*.d)

# The fuzz targets without a fuzzer, for what it kept.
REPLAY := $(patsubst tests/fuzz/fuzz_%.c,$(TEST)/fuzz/replay_%,$(wildcard tests/fuzz/fuzz_*.c))
$(TEST)/fuzz/replay_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(TEST)/libtest.a $(TEST)/libanalyzer.a
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) $(TEST_CFLAGS) -o $@ $^ $(LDFLAGS) $(TEST_LIBS)

.PHONY: tests unit-asan unit-tsan
tests: all $(COMPLETION) $(UNIT) $(ORACLE) $(CONTRACTS) $(FAULT) $(REPLAY) $(TEST)/faulty/libleakring.so $(TEST)/lapse/libleakring.so

unit-asan unit-tsan: unit-%:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-$* CFLAGS="-O1 -g -fno-omit-frame-pointer \
		-fsanitize=$(SANITIZER_$*)" LDFLAGS="-fsanitize=$(SANITIZER_$*)" $(UNIT_$(shell echo $* | tr a-z A-Z))
SANITIZER_asan := address,undefined -fno-sanitize-recover=undefined
# gcc warns that thread fences are not modelled; the tables use acquire and release instead.
SANITIZER_tsan := thread -Wno-tsan

.PHONY: check check-unit check-layers
check: ## install what is missing, build, run every test
	@tools/install-deps --check
	@$(MAKE) --no-print-directory tests
	@LEAKRING_BUILD=$(abspath $(BUILD)) MAKEFLAGS= tests/run

check-unit: $(UNIT) ## run the unit tests only
	@LEAKRING_BUILD=$(abspath $(BUILD)) MAKEFLAGS= tests/run tests/unit/*.c

check-layers: all ## who includes, links and exports what
	@LEAKRING_BUILD=$(abspath $(BUILD)) tests/integration/test_layers.sh

.PHONY: trends
trends: $(TEST)/bench/trends ## what the trend test gets right and wrong on synthetic series (SEEDS=100)
	$< $(or $(SEEDS),100)

# BENCH: families (native, leak, paced, programs, jvm) or the start of works' names; see tests/bench/bench.py --help.
# On a quiet machine `make bench` takes an hour or two, `make bench ROUNDS=2 PEERS=no` about ten minutes.
ROUNDS ?= 5
OURS := leakring,leakring-default,leakring-512k
.PHONY: bench bench-quick
bench: tests ## cost beside no tool and other tools (BENCH=churn ROUNDS=5 PEERS=no)
	@mkdir -p $(BUILD)/bench
	@LEAKRING_BUILD=$(abspath $(BUILD)) python3 -B tests/bench/bench.py --rounds $(ROUNDS) --only "$(BENCH)" \
		--tools "$(if $(filter no,$(PEERS)),$(OURS))" \
		--tsv $(BUILD)/bench/bench.tsv

bench-quick: tests ## does the benchmark's harness work?  (part of make check)
	@LEAKRING_BUILD=$(abspath $(BUILD)) python3 -B tests/bench/bench.py --quick --only "$(BENCH)"

# About two minutes, and a few; on any machine, however busy.
.PHONY: governor interval-coverage
governor: tests ## the governor under a load that grows a thousandfold: a table over time (GOVERNOR="--storm 300")
	@LEAKRING_BUILD=$(abspath $(BUILD)) python3 -B tests/bench/governor.py $(GOVERNOR)

interval-coverage: tests ## how often the truth lies in the interval of a sampled site (SEEDS=20 INTERVALS="512K 64K")
	@LEAKRING_BUILD=$(abspath $(BUILD)) python3 -B tests/bench/coverage.py --seeds $(or $(SEEDS),20) \
		$(or $(INTERVALS),512K 64K)

.PHONY: unwind-check
unwind-check: tests ## every allocation's stack against libunwind, in real programs; dlopen 10,000 times
	@LEAKRING_BUILD=$(abspath $(BUILD)) UNWIND_ALL=1 VERBOSE=1 RELOADS=12000 tests/run \
		tests/integration/test_unwind_programs.sh tests/integration/test_unwind_reload.sh

# Which branches tests take: clang's counters, in files that are mapped, so that what a killed process
# did counts, too.  The library is seen by its unit tests alone, for it runs in processes of others.
COVERAGE_FLAGS := -fprofile-instr-generate -fcoverage-mapping
.PHONY: coverage
coverage: tests ## which branches of the sources tests take (needs clang and llvm-cov)
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-coverage CC=clang CFLAGS="-O1 -g $(COVERAGE_FLAGS) -mllvm \
		-runtime-counter-relocation" LDFLAGS="$(COVERAGE_FLAGS)" $(UNIT:$(BUILD)/%=$(BUILD)-coverage/%) $(BUILD)-coverage/leakring
	@tools/branch-coverage $(abspath $(BUILD)) $(abspath $(BUILD)-coverage)

# Half an hour of a processor; fails for what they find.  FILES="…" are looked at alone.
.PHONY: analyze
analyze: all ## gcc -fanalyzer and clang-tidy with clang's analyzer: what do they find? (FILES=)
	@tools/analyze $(abspath $(BUILD)) $(FILES)

# Fuzz targets need clang; FUZZ_SECONDS each, with the corpus kept in the build directory.
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_COMMON := $(patsubst %,analyzer/common/%.c,status clean units words plain_file)
$(TEST)/fuzz/fuzz_load: $(wildcard tests/lib/*_trace.c analyzer/load/*.c) $(FUZZ_COMMON)
$(TEST)/fuzz/fuzz_oom: $(wildcard analyzer/oom/*.c \
		analyzer/emit/emit_oom*.c analyzer/emit/emit_host*.c analyzer/load/*.c) analyzer/emit/emit_folded.c \
		analyzer/emit/emit_page.c $(FUZZ_COMMON) analyzer/model/model_text.c
$(TEST)/fuzz/fuzz_suppress: $(wildcard analyzer/suppress/suppress_[lmp]*.c) analyzer/load/load_text.c $(FUZZ_COMMON)
$(TEST)/fuzz/fuzz_rules: analyzer/gate/gate_config.c analyzer/gate/gate_rules.c analyzer/commands/settings.c \
		analyzer/commands/options.c analyzer/load/load_text.c $(FUZZ_COMMON)
$(TEST)/fuzz/fuzz_symbols: $(wildcard analyzer/symbols/*.c analyzer/load/*.c) $(FUZZ_COMMON) tests/lib/make_trace.c
$(TEST)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c
	@mkdir -p $(@D)
	$(call say,CLANG,$<)clang $(TEST_CFLAGS) $(FUZZ_CFLAGS) -o $@ $^ $(ANALYZER_LIBS)

.PHONY: fuzz fuzz-oom fuzz-suppress fuzz-rules fuzz-symbols
fuzz: $(TEST)/fuzz/fuzz_load ## fuzz the reader of traces (FUZZ_SECONDS=60)
	@tests/fuzz/fuzz.sh load $(TEST)/fuzz $(FUZZ_SECONDS)
fuzz-oom: $(TEST)/fuzz/fuzz_oom ## fuzz the parsers of oom and host
fuzz-suppress: $(TEST)/fuzz/fuzz_suppress ## fuzz the reader of suppressions
fuzz-rules: $(TEST)/fuzz/fuzz_rules ## fuzz the reader of rules and settings
fuzz-symbols: $(TEST)/fuzz/fuzz_symbols ## fuzz the reader of ELF and DWARF
fuzz-oom fuzz-suppress fuzz-rules fuzz-symbols: fuzz-%:
	@tests/fuzz/fuzz.sh $* $(TEST)/fuzz $(FUZZ_SECONDS)

# A megabyte in all; review what it adds.
.PHONY: fuzz-keep
fuzz-keep: ## put what the fuzzers found new ways with into tests/fuzz/corpus
	@for kept in load:150000 oom:200000 suppress:50000 rules:50000 symbols:400000; do \
		tests/fuzz/fuzz.sh $${kept%:*} $(TEST)/fuzz --keep $${kept#*:}; \
	done

.PHONY: golden-update
golden-update: all ## rewrite the golden reports; review the difference
	@LEAKRING_BUILD=$(abspath $(BUILD)) tests/golden/update.sh

.PHONY: format
format: ## reformat the C sources with clang-format
	clang-format -i include/leakring/*.h preload/*/*.[ch] analyzer/*.c analyzer/*/*.[ch] tests/*/*.[ch]
