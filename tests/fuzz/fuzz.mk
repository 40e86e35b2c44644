# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the fuzz targets with libFuzzer; "make fuzz" calls it in the folder
# of a configured build, with SRCDIR, SOURCES, FUZZ_CPPFLAGS and FUZZ_LIBS.
# All of the program is compiled anew, into fuzz/, because the coverage that
# guides libFuzzer is measured by code that clang puts into each function.
FUZZ_CC = clang
FUZZ_CFLAGS = -g -O1
FUZZ_SANITIZE = -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
TARGETS = image archive script journal

objects = $(patsubst %.c,fuzz/%.o,$(filter %.c,$(SOURCES)))
targets = $(TARGETS:%=fuzz/fuzz-%)
own = fuzz/tests/fuzz/fuzz.o

all: $(targets)

fuzz/fuzz-%: fuzz/tests/fuzz/%.o $(own) fuzz/all.a
	@echo "  FUZZLD   $@"
	@$(FUZZ_CC) -fsanitize=fuzzer $(FUZZ_SANITIZE) -o $@ $^ $(FUZZ_LIBS)

fuzz/all.a: $(objects)
	@rm -f $@ && ar cr $@ $^

# Sources lie in the source tree, but for the generated ones.
vpath %.c $(SRCDIR)
fuzz/%.o: %.c
	@echo "  FUZZCC   $<"
	@mkdir -p $(@D) && $(FUZZ_CC) -std=gnu11 -fsanitize=fuzzer-no-link \
		$(FUZZ_SANITIZE) $(FUZZ_CFLAGS) $(FUZZ_CPPFLAGS) -MMD -MP \
		-c -o $@ $<

-include $(objects:.o=.d) $(own:.o=.d) $(TARGETS:%=fuzz/tests/fuzz/%.d)
.SECONDARY: $(TARGETS:%=fuzz/tests/fuzz/%.o) $(own)
.PHONY: all
