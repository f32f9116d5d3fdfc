/* What reader and writer of the log's header must agree on (PFP section 10.4.5.1). Trust: constants. */
#ifndef SIGNET_ATTEST_LOG_LAYOUT_H
#define SIGNET_ATTEST_LOG_LAYOUT_H

/* Sixteen bytes with the terminator, which is part of it. */
#define LOG_SPEC_SIGNATURE "Spec ID Event03"

enum { LOG_SIGNATURE_SIZE = 16, LOG_SHA1_SIZE = 20, LOG_SPEC_MAJOR = 2, LOG_SPEC_MINOR = 0 };

#endif
