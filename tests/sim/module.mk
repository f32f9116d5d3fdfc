TEST_SRCS += tests/sim/doc_table.c tests/sim/power.c tests/sim/fake_nv.c
