// Fails the n-th call of a kind, or kills the process there; moves the clock of the day. Loaded by LD_PRELOAD.
//   ATTACK_CALL=pwrite ATTACK_FROM=12 ATTACK_TO=12 ATTACK_ERROR=28   the 12th pwrite fails with ENOSPC; error 0: SIGKILL
//   ATTACK_CLOCK=OFFSET:RATE                                         seconds that are added, and how fast time passes
//   ATTACK_LOG=FILE                                                  `fired` once, and at the end the calls of each kind
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN, WRITE, PWRITE, PREAD, FSYNC, RENAME, UNLINK, FTRUNCATE, FCNTL, MKDIR, UNLOCK, KINDS };
static const char *names[KINDS] = {"open", "write", "pwrite", "pread", "fsync", "rename", "unlink", "ftruncate", "fcntl", "mkdir", "unlock"};
static atomic_long calls[KINDS];
static atomic_int fired;
static int chosen = -1, with_error;
static long from, to;

static void say(const char *text) {
    const char *path = getenv("ATTACK_LOG");
    if (!path) return;
    int file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0) return;
    syscall(SYS_write, file, text, strlen(text));
    syscall(SYS_close, file);
}

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

__attribute__((constructor)) static void begin(void) {
    const char *call = getenv("ATTACK_CALL");
    from = number("ATTACK_FROM", 1);
    to = number("ATTACK_TO", from);
    with_error = number("ATTACK_ERROR", 0);
    for (int kind = 0; call && kind < KINDS; kind++)
        if (!strcmp(call, names[kind])) chosen = kind;
}

__attribute__((destructor)) static void end(void) {
    char text[64];
    for (int kind = 0; kind < KINDS; kind++) {
        snprintf(text, sizeof text, "%s %ld\n", names[kind], atomic_load(&calls[kind]));
        say(text);
    }
}

// Whether this call of a kind is to fail; `errno` is set then.
static int fails(int kind) {
    long n = atomic_fetch_add(&calls[kind], 1) + 1;
    if (kind != chosen || n < from || n > to) return 0;
    if (!atomic_exchange(&fired, 1)) say("fired\n");
    if (!with_error) kill(getpid(), SIGKILL);
    errno = with_error;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define OPEN_LIKE(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
        return fails(OPEN) ? -1 : real(path, flags, mode); \
    }
OPEN_LIKE(open) OPEN_LIKE(open64)

#define OPENAT_LIKE(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, #name, int, const char *, int, ...); \
        va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
        return fails(OPEN) ? -1 : real(folder, path, flags, mode); \
    }
OPENAT_LIKE(openat) OPENAT_LIKE(openat64)

#define FCNTL_LIKE(name) \
    int name(int file, int what, ...) { \
        REAL(int, #name, int, int, ...); \
        va_list rest; va_start(rest, what); void *argument = va_arg(rest, void *); va_end(rest); \
        int gives_back = what == F_SETLK && ((struct flock *)argument)->l_type == F_UNLCK; \
        return fails(FCNTL) || (gives_back && fails(UNLOCK)) ? -1 : real(file, what, argument); \
    }
FCNTL_LIKE(fcntl) FCNTL_LIKE(fcntl64)

#define WRAP(kind, type, name, declared, ...) \
    type name declared { \
        static type (*real) declared; \
        if (!real) real = (type (*) declared)dlsym(RTLD_NEXT, #name); \
        return fails(kind) ? -1 : real(__VA_ARGS__); \
    }
#define WRITE_LIKE(name, type) \
    ssize_t name(int file, const type *what, size_t size) { \
        REAL(ssize_t, #name, int, const type *, size_t); \
        return file > 2 && fails(WRITE) ? -1 : real(file, what, size); /* what is said may be said */ \
    }
WRITE_LIKE(write, void)
ssize_t writev(int file, const struct iovec *what, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return file > 2 && fails(WRITE) ? -1 : real(file, what, count);
}

WRAP(PWRITE, ssize_t, pwrite, (int f, const void *b, size_t n, off_t at), f, b, n, at)
WRAP(PWRITE, ssize_t, pwrite64, (int f, const void *b, size_t n, off64_t at), f, b, n, at)
WRAP(PREAD, ssize_t, pread, (int f, void *b, size_t n, off_t at), f, b, n, at)
WRAP(PREAD, ssize_t, pread64, (int f, void *b, size_t n, off64_t at), f, b, n, at)
WRAP(FSYNC, int, fsync, (int f), f)
WRAP(FSYNC, int, fdatasync, (int f), f)
WRAP(RENAME, int, rename, (const char *a, const char *b), a, b)
WRAP(UNLINK, int, unlink, (const char *a), a)
WRAP(FTRUNCATE, int, ftruncate, (int f, off_t n), f, n)
WRAP(FTRUNCATE, int, ftruncate64, (int f, off64_t n), f, n)
WRAP(MKDIR, int, mkdir, (const char *a, mode_t m), a, m)

static void moved(struct timespec *time) {
    static double offset, rate, begun;
    static int read;
    if (!read) {
        const char *text = getenv("ATTACK_CLOCK");
        if (!text || sscanf(text, "%lf:%lf", &offset, &rate) != 2) offset = 0, rate = 1;
        begun = time->tv_sec;
        read = 1;
    }
    if (offset == 0 && rate == 1) return;
    double shown = begun + offset + (time->tv_sec - begun + time->tv_nsec * 1e-9) * rate;
    time->tv_sec = (time_t)shown;
    time->tv_nsec = (long)((shown - (double)time->tv_sec) * 1e9);
    if (time->tv_nsec < 0) time->tv_nsec = 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int code = real(clock, time);
    if (!code && clock == CLOCK_REALTIME) moved(time);
    return code;
}

int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    (void)zone;
    int code = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return code;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
