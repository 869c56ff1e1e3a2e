# soak.mk -- long runs on real software; included by the Makefile.

.PHONY: soak-es
soak-es: all ## real Elasticsearch 5.1.1 and 5.2.1; SOAK=8h: a night of traffic instead
ifeq ($(SOAK),)
	@LEAKRING_BUILD=$(abspath $(BUILD)) tests/soak/es.sh
else
	@LEAKRING_BUILD=$(abspath $(BUILD)) SOAK=$(SOAK) tests/soak/es_long.sh $(BUILD)/soak
endif
