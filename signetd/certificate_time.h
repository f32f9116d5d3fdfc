/* Validity of certificates in Unix seconds. Trust: pure. */
#ifndef SIGNET_SIGNETD_CERTIFICATE_TIME_H
#define SIGNET_SIGNETD_CERTIFICATE_TIME_H

#include "lib/types.h"

#include <mbedtls/x509_crt.h>

/* 0 before 1970. */
u64 certificate_start(const mbedtls_x509_crt *c);
u64 certificate_end(const mbedtls_x509_crt *c);

#endif
