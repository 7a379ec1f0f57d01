/* A fault shim, loaded with LD_PRELOAD: counts every write, sync, truncate, rename and unlink
 * below one folder, kills the process at the n-th of them, makes them fail while a switch file
 * exists, and records them, so that a power cut can be replayed (testing/power.py).
 * Armed from Python with faults_arm(); until then it does nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    int armed, error, torn, log;
    long kill_at, fail_at, count;
    char root[PATH_MAX], ledger[PATH_MAX], toggle[PATH_MAX];
} f = {.log = -1};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int fd, const void *data, size_t size) {
    REAL(write);
    return real(fd, data, size);
}

void faults_arm(const char *root, const char *ledger, const char *log, const char *toggle,
                long kill_at, int torn, long fail_at, int error) {
    snprintf(f.root, sizeof f.root, "%s", root);
    snprintf(f.ledger, sizeof f.ledger, "%s", ledger);
    snprintf(f.toggle, sizeof f.toggle, "%s", toggle);
    f.kill_at = kill_at, f.torn = torn, f.fail_at = fail_at, f.error = error, f.count = 0;
    if (*log) f.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    f.armed = 1;
}

long faults_count(void) { return f.count; }

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return 1;
}

static int watched(const char *path) {
    size_t n = strlen(f.root);
    return f.armed && *f.root && !strncmp(path, f.root, n) && (path[n] == '/' || !path[n]) &&
           !strstr(path, "-shm") && !strstr(path, ".lock") && !strstr(path, ".log");
}

static void record(char op, const char *path, uint64_t at, const void *data, uint64_t size) {
    if (f.log < 0) return;
    struct __attribute__((packed)) { char op; uint32_t name; uint64_t at, size; } head = {
        op, (uint32_t)strlen(path), at, size};
    struct iovec parts[3] = {
        {&head, sizeof head}, {(void *)path, head.name}, {(void *)data, data ? size : 0}};
    if (!data) head.size = 0;
    if (writev(f.log, parts, 3) < 0) abort();
}

/* One operation is about to happen: 0 goes on, 1 fails with errno set. Holds the lock. */
static int point(char op, int fd, const char *path, const void *data, size_t size, off_t at) {
    long n = ++f.count;
    if (n == f.kill_at) {
        REAL(pwrite);
        if (f.torn && op == 'W' && size > 1 && real(fd, data, size / 2, at) < 0) abort();
        kill(getpid(), SIGKILL);
    }
    if (f.fail_at && n >= f.fail_at && f.error && access(f.toggle, F_OK) == 0 &&
        (op == 'W' || op == 'T' || f.error != ENOSPC)) {
        errno = f.error;
        return 1;
    }
    record(op, path, (uint64_t)at, data, size);
    return 0;
}

#define GUARD(op, fd, path, data, size, at, fail) \
    pthread_mutex_lock(&lock); \
    if (point(op, fd, path, data, size, at)) { pthread_mutex_unlock(&lock); return fail; }
#define DONE(type, call) \
    type result = call; int kept = errno; pthread_mutex_unlock(&lock); errno = kept; return result

#define PWRITE(name, offset_t) \
ssize_t name(int fd, const void *data, size_t size, offset_t at) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!f.armed || !path_of(fd, path) || !watched(path)) return real(fd, data, size, at); \
    GUARD('W', fd, path, data, size, at, -1); \
    DONE(ssize_t, real(fd, data, size, at)); \
}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
    char path[PATH_MAX];
    if (!f.armed || fd == f.log || !path_of(fd, path)) return plain_write(fd, data, size);
    if (*f.ledger && !strcmp(path, f.ledger)) {
        pthread_mutex_lock(&lock);
        record('A', path, 0, data, size);
        DONE(ssize_t, plain_write(fd, data, size));
    }
    if (!watched(path)) return plain_write(fd, data, size);
    off_t at = (fcntl(fd, F_GETFL) & O_APPEND) ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    GUARD('W', fd, path, data, size, at, -1);
    DONE(ssize_t, plain_write(fd, data, size));
}

#define SYNC(name) \
int name(int fd) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!f.armed || !path_of(fd, path) || !watched(path)) return real(fd); \
    GUARD('S', fd, path, NULL, 0, 0, -1); \
    DONE(int, real(fd)); \
}
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, offset_t) \
int name(int fd, offset_t size) { \
    REAL(name); \
    char path[PATH_MAX]; \
    if (!f.armed || !path_of(fd, path) || !watched(path)) return real(fd, size); \
    GUARD('T', fd, path, NULL, 0, size, -1); \
    DONE(int, real(fd, size)); \
}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
    REAL(rename);
    if (!watched(from)) return real(from, to);
    GUARD('R', -1, from, to, strlen(to), 0, -1);
    DONE(int, real(from, to));
}

int unlink(const char *path) {
    REAL(unlink);
    if (!watched(path)) return real(path);
    GUARD('U', -1, path, NULL, 0, 0, -1);
    DONE(int, real(path));
}

/* Opening for writing fails on a read-only file system; O_TRUNC is a truncation. */
static int opening(const char *path, int flags) {
    if (!watched(path) || (flags & O_ACCMODE) == O_RDONLY) return 0;
    pthread_mutex_lock(&lock);
    int failed = 0;
    if (f.error == EROFS && f.fail_at && f.count >= f.fail_at && access(f.toggle, F_OK) == 0) failed = 1, errno = EROFS;
    else if (flags & O_TRUNC) failed = point('T', -1, path, NULL, 0, 0);
    int kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
    return failed;
}

#define OPEN(name) \
int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return f.armed && opening(path, flags) ? -1 : real(path, flags, mode); \
}
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
int name(int at, const char *path, int flags, ...) { \
    REAL(name); \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return f.armed && opening(path, flags) ? -1 : real(at, path, flags, mode); \
}
OPENAT(openat)
OPENAT(openat64)

/* Copies inside the kernel would pass by unseen: Python falls back to read and write. */
ssize_t sendfile(int out, int in, off_t *at, size_t size) { (void)out, (void)in, (void)at, (void)size; errno = ENOTSOCK; return -1; }
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) { (void)out, (void)in, (void)at, (void)size; errno = ENOTSOCK; return -1; }
