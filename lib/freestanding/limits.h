/* <limits.h> without an OS behind it; the compiler knows the numbers. */
#ifndef SIGNET_FREESTANDING_LIMITS_H
#define SIGNET_FREESTANDING_LIMITS_H

#define CHAR_BIT __CHAR_BIT__
#define UCHAR_MAX (__SCHAR_MAX__ * 2 + 1)
#define INT_MAX __INT_MAX__
#define INT_MIN (-__INT_MAX__ - 1)
#define UINT_MAX (__INT_MAX__ * 2U + 1U)
#define LONG_MAX __LONG_MAX__
#define ULONG_MAX (__LONG_MAX__ * 2UL + 1UL)
#define SIZE_MAX __SIZE_MAX__

#endif
