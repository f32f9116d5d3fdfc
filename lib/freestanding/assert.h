/* <assert.h>: mbedTLS only takes static_assert from it. */
#ifndef SIGNET_FREESTANDING_ASSERT_H
#define SIGNET_FREESTANDING_ASSERT_H

#define static_assert _Static_assert
#define assert(x) ((void)(x))

#endif
