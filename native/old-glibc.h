// Built on a new glibc, loaded on an old one: the functions that moved into libc.so with 2.32 and 2.34 are bound by the
// names that every glibc since 2.17 has, so that one binary serves Enterprise Linux 8 too. musl has no such names.

#pragma once

#include <features.h>

#ifdef __GLIBC__
#if defined(__x86_64__)
#define EVERY_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define EVERY_GLIBC "GLIBC_2.17"
#endif
#ifdef EVERY_GLIBC
__asm__(".symver pthread_create,pthread_create@" EVERY_GLIBC);
__asm__(".symver pthread_join,pthread_join@" EVERY_GLIBC);
__asm__(".symver pthread_sigmask,pthread_sigmask@" EVERY_GLIBC);
#endif
#endif
