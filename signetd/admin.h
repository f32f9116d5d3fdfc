/*
 * Operators' requests about the fleet, by the files that answer them: node_admin.c, appraisal_admin.c, guest_admin.c,
 * baseline_admin.c, baseline_diff.c, image_admin.c, upload_admin.c, update_admin.c.
 * Trust: from authenticated operators, of the role that the table demands.
 */
#ifndef SIGNET_SIGNETD_ADMIN_H
#define SIGNET_SIGNETD_ADMIN_H

#include "image/manifest.h"
#include "signetd/call.h"
#include "signetd/storage_images.h"
#include "signetd/storage_nodes.h"

void admin_list_nodes(struct call *c);
void admin_show_node(struct call *c);
void admin_enroll(struct call *c);
void admin_authority(struct call *c);
void admin_remove(struct call *c);
void admin_clear(struct call *c);
void admin_reboot(struct call *c);
void admin_logs(struct call *c);

void admin_attest(struct call *c);
void admin_history(struct call *c);
void admin_appraisal(struct call *c);
void admin_evidence(struct call *c);
void admin_result(struct call *c);
void admin_jwks(struct call *c);

void admin_list_guests(struct call *c);
void admin_run_guest(struct call *c);
void admin_stop_guest(struct call *c);
void admin_remove_guest(struct call *c);
void admin_console(struct call *c);

void admin_list_baselines(struct call *c);
void admin_show_baselines(struct call *c);
void admin_show_baseline(struct call *c);
void admin_diff_baseline(struct call *c);
void admin_approve_baseline(struct call *c);
void admin_revoke_baselines(struct call *c);
void admin_revoke_baseline(struct call *c);

void admin_list_images(struct call *c);
void admin_put_image(struct call *c);
void admin_show_blob(struct call *c);
void admin_put_blob(struct call *c);

void admin_list_updates(struct call *c);
void admin_push_update(struct call *c);
void admin_cancel_update(struct call *c);

/* What answers say of an image, and of a blob. */
void image_put_fields(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct image_entry *i, const struct manifest *m);
void blob_answer(struct call *c, const char *digest, u64 length);

/* The node that the path names, to act; answers itself where there is none. */
void with_node(struct call *c, void (*act)(struct call *c, struct node_entry *n));

/* A number of a path; 0 for what is none. */
u64 admin_number(const char *text);
/* 404 of a baseline that is not there. */
void admin_baseline_unknown(struct call *c);
/* The name of a class of hardware; answers 400 itself. */
bool admin_class_fits(struct call *c, const char *class);

#endif
