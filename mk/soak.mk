# soak.mk -- long runs on real software; included by the Makefile.

.PHONY: check-aarch64
check-aarch64: all ## cross-compile the preload for aarch64 and run it under qemu
	@LEAKRING_BUILD=$(abspath $(BUILD)) tests/soak/aarch64.sh

.PHONY: soak-es
soak-es: all ## real Elasticsearch 5.1.1 and 5.2.1; SOAK=8h: a night of traffic instead
ifeq ($(SOAK),)
	@LEAKRING_BUILD=$(abspath $(BUILD)) tests/soak/es.sh
else
	@LEAKRING_BUILD=$(abspath $(BUILD)) SOAK=$(SOAK) tests/soak/es_long.sh $(BUILD)/soak
endif

.PHONY: soak-java soak-walker
soak-java: tests ## a JVM in every state, twice 5 minutes on each JDK (SOAK_SECONDS=300)
	@LEAKRING_BUILD=$(abspath $(BUILD)) SOAK_SECONDS=$(or $(SOAK_SECONDS),300) tests/soak/java_states.sh

soak-walker: tests ## Java frames against the JVM's own answer, a minute for each kind of JVM
	@LEAKRING_BUILD=$(abspath $(BUILD)) WALKER_SECONDS=$(or $(WALKER_SECONDS),60) \
		tests/integration/test_java_walker.sh

# Deaths, refusals, children, threads and images in full numbers (an hour): docs/RELIABILITY.md has a table of them.
# make check runs the same in short.
.PHONY: check-faults
check-faults: tests ## SIGKILL, refused calls, limits and children, in full numbers
	@LEAKRING_BUILD=$(abspath $(BUILD)) MAKEFLAGS= KILLS=1000 OTHER_KILLS=300 OOM_KILLS=50 SECONDS_EACH=100000 WHOLE=1 \
		STEPS="1 2 3 5 7 11 13" LATER="$$(seq -s" " 14 2 60)" \
		FORKS=10000 SPAWNS=2000 DAEMONS=500 JVM_CHILDREN=500 VERBOSE=1 \
		THREADS=100000 IMAGES=100 CALLS=30000 LOADS=12000 ROUNDS=2000 \
		LEAKRING_TIME_LIMIT=14400 tests/run tests/fault/test_*.sh tests/integration/test_native_isolated.sh \
		tests/integration/test_native_foreign.sh

.PHONY: check-kills
check-kills: tests ## 10,000 deaths by SIGKILL, 1,000 by other signals, 500 in a memory cgroup (two or three hours; KILLS=3334)
	@LEAKRING_BUILD=$(abspath $(BUILD)) KILLS=$(or $(KILLS),3334) OTHER_KILLS=$(or $(OTHER_KILLS),334) \
		OOM_KILLS=$(or $(OOM_KILLS),500) SECONDS_EACH=100000 VERBOSE=1 LEAKRING_TIME_LIMIT=36000 \
		tests/run tests/fault/test_sigkill.sh

.PHONY: soak-stacks
soak-stacks: tests ## ever new stacks, an hour on each JDK and in C (SOAK_SECONDS=3600)
	@LEAKRING_BUILD=$(abspath $(BUILD)) SOAK_SECONDS=$(or $(SOAK_SECONDS),3600) tests/soak/stack_churn.sh

.PHONY: soak-churn
soak-churn: tests ## half an hour of malloc and free: the trace and the process keep their size (SOAK_SECONDS=1800)
	@LEAKRING_BUILD=$(abspath $(BUILD)) SOAK_SECONDS=$(or $(SOAK_SECONDS),1800) tests/soak/churn.sh

.PHONY: gate-noise
gate-noise: all ## how often a flat but noisy program is called red (RUNS=100 on each JDK, a quarter of an hour)
	@LEAKRING_BUILD=$(abspath $(BUILD)) RUNS=$(or $(RUNS),100) tests/soak/gate_noise.sh

.PHONY: gate-rates
gate-rates: all $(TEST)/bench/gate_times ## how long until a leak is found, at its rate, 1/10 and 1/100 of it (ten minutes)
	@LEAKRING_BUILD=$(abspath $(BUILD)) tests/soak/gate_rates.sh
	@$(TEST)/bench/gate_times $(or $(SEEDS),40)

.PHONY: gate-nights
gate-nights: tests ## how often a healthy night can't be told, exact and sampled, in time-lapse (RUNS=20, hours with all its cases)
	@LEAKRING_BUILD=$(abspath $(BUILD)) RUNS=$(or $(RUNS),20) tests/soak/gate_nights.sh

.PHONY: gate-sampled
gate-sampled: tests ## the gate's errors under sampling, on real runs (RUNS=200, some minutes)
	@LEAKRING_BUILD=$(abspath $(BUILD)) RUNS=$(or $(RUNS),200) tests/soak/gate_sampled.sh

.PHONY: check-damage
check-damage: tests ## damaged traces through every command: each bit of the header, 10,000 flips, every cut (minutes)
	@LEAKRING_BUILD=$(abspath $(BUILD)) WHOLE=1 FLIPS=$(or $(FLIPS),10000) VERBOSE=1 LEAKRING_TIME_LIMIT=14400 \
		tests/run tests/fault/test_damage.sh

# Other people's suites, with us and without (docs/RELIABILITY.md).  SUITES="python redis": these alone.
.PHONY: check-suites
check-suites: ## tests of glibc's manual, Python, SQLite, Redis, OpenJDK, stress-ng: the same with us?
	@tools/install-deps --suites
	@$(MAKE) --no-print-directory tests
	@LEAKRING_BUILD=$(abspath $(BUILD)) MAKEFLAGS= WHOLE=1 VERBOSE=1 LEAKRING_TIME_LIMIT=14400 \
		tests/run $(or $(SUITES:%=tests/suites/%.sh),tests/suites/*.sh)

.PHONY: check-programs
check-programs: tests ## real programs with the library and without: Tomcat, databases, builds, services (an hour; installs them)
	@tools/install-deps --programs
	@LEAKRING_BUILD=$(abspath $(BUILD)) MAKEFLAGS= VERBOSE=1 tests/run tests/programs/*.sh
