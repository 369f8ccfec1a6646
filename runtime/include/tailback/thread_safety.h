// Annotations for clang's thread-safety analysis (-Wthread-safety); empty with other compilers.
//
// tailback's locks carry them, so that a service may write TAILBACK_GUARDED_BY(mu) beside its data and have the compiler check it.
// Source: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#if defined(__clang__)
#define TAILBACK_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TAILBACK_THREAD_ATTRIBUTE(x)
#endif

#define TAILBACK_CAPABILITY(name) TAILBACK_THREAD_ATTRIBUTE(capability(name))
#define TAILBACK_SCOPED_CAPABILITY TAILBACK_THREAD_ATTRIBUTE(scoped_lockable)
#define TAILBACK_GUARDED_BY(lock) TAILBACK_THREAD_ATTRIBUTE(guarded_by(lock))
#define TAILBACK_REQUIRES(...) TAILBACK_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define TAILBACK_REQUIRES_SHARED(...) TAILBACK_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define TAILBACK_EXCLUDES(...) TAILBACK_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define TAILBACK_ACQUIRE(...) TAILBACK_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define TAILBACK_ACQUIRE_SHARED(...) TAILBACK_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define TAILBACK_RELEASE(...) TAILBACK_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define TAILBACK_RELEASE_SHARED(...) TAILBACK_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define TAILBACK_TRY_ACQUIRE(...) TAILBACK_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define TAILBACK_TRY_ACQUIRE_SHARED(...) TAILBACK_THREAD_ATTRIBUTE(try_acquire_shared_capability(__VA_ARGS__))
