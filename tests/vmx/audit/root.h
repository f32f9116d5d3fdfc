/* The audit of the page tables in force: told in a line; a finding, or a guard that is mapped, is a panic. Test code.
 */
#ifndef SIGNET_TESTS_VMX_AUDIT_ROOT_H
#define SIGNET_TESTS_VMX_AUDIT_ROOT_H

void root_audit(void);

#endif
