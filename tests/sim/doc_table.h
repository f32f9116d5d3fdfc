/*
 * Reads a table out of a page of docs/, so that tests compare the page with the code and neither can drift.
 * Trust: test code.
 */
#ifndef SIGNET_TESTS_SIM_DOC_TABLE_H
#define SIGNET_TESTS_SIM_DOC_TABLE_H

#include "lib/types.h"

enum { DOC_ROWS = 32, DOC_COLUMNS = 10, DOC_CELL = 96 };

struct doc_table {
	u32 rows; /* without the header */
	u32 columns;
	char cell[DOC_ROWS][DOC_COLUMNS][DOC_CELL];
};

/* header: the table's first line, exactly. False when the page, the table, or room for it is missing. */
bool doc_table_read(const char *path, const char *header, struct doc_table *out);

#endif
