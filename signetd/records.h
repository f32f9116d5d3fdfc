/*
 * Records of the fleet as operators see them (docs/api.yaml).
 * Trust: words in them may come from nodes; yyjson escapes them.
 */
#ifndef SIGNET_SIGNETD_RECORDS_H
#define SIGNET_SIGNETD_RECORDS_H

#include "signetd/baselines.h"
#include "signetd/fleet.h"
#include "signetd/storage_appraisals.h"

/* NodeSummary, and with whole everything else of Node. */
void record_node(struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct node_entry *n, bool whole);
/* AppraisalSummary; and with whole the rest of Appraisal, for which evidence and baseline are read. */
void record_appraisal(
        struct server *s, yyjson_mut_doc *doc, yyjson_mut_val *to, const struct appraisal_entry *a, bool whole);
/* BaselineSummary. */
void record_baseline(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct baseline_use *b);
/* The events of a log that stand in its baseline; pcrs: which ones. False: the log is malformed. */
bool record_events(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct bytes_view *log, u32 pcrs);
void record_verdict(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *name, enum verdict v);

/* Evidence of an appraisal, and its log within; *bytes is the caller's to free. */
enum err record_log(
        struct server *s, const u8 node[ATTEST_ID_SIZE], u64 number, u8 **bytes, struct bytes_view *log) MUST_CHECK;

#endif
